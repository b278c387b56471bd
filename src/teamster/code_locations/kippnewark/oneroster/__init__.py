"""OneRoster: the region's feeds."""
