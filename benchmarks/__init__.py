"""What is quick and what is not, measured against real servers: ``make bench``."""
