"""Renaissance Star: the region's feeds."""
