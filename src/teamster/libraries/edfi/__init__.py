"""Ed-Fi: the operational data store of a district or state, by the Ed-Fi ODS/API."""
