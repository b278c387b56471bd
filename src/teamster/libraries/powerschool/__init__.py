"""PowerSchool SIS: tables over the plugin API."""
