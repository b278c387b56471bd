"""The College Board: the region's feeds."""
