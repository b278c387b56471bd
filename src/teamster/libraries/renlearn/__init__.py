"""Renaissance Learning: Star tests of reading, mathematics and early literacy."""
