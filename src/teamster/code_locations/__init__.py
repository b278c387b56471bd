"""The network's code locations: one package a region, plus the network's own."""
