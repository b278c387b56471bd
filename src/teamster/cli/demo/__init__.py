"""The demo: vendors' servers on loopback, every feed, dbt, and answers."""
