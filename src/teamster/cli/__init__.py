"""The ``teamster`` command."""
