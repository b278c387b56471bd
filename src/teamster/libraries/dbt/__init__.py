"""dbt: projects, their Dagster assets, and sources that are Avro objects read in place."""
