"""OneRoster: rosters as CSV files in an archive, by 1EdTech's standard and by Microsoft's."""
