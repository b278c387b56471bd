"""i-Ready: the region's feeds."""
