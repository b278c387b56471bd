"""Level Data Grow: the network's assets."""
