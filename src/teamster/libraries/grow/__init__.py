"""Level Data Grow, once Whetstone: observation and coaching of teachers."""
