"""PowerSchool: the region's tables."""
