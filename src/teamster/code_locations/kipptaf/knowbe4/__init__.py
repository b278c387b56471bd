"""KnowBe4: the network's assets."""
