"""DeansList: behavior, incidents and families' contacts."""
