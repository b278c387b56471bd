"""Teamster: the data platform for school networks, on Dagster, Avro, object storage and dbt."""
