"""Overgrad: the network's assets."""
