"""i-Ready (Curriculum Associates): diagnostics and lessons in reading and mathematics."""
