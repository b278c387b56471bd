"""DeansList: the region's endpoints."""
