"""OneRoster over REST for this region."""
