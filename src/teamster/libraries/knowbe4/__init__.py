"""KnowBe4: security awareness training of staff."""
