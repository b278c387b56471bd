"""A storage and a spool for runs."""

from tests.libraries.rest.conftest import runs

__all__ = ["runs"]
