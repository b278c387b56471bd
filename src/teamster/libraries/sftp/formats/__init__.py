"""Readers: a file in, rows out, one format each."""
