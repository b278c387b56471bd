"""Ed-Fi: the network's assets."""
