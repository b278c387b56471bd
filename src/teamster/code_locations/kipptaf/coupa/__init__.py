"""Coupa: the network's assets."""
