"""Runs of the vendor's assets."""

from tests.libraries.rest.conftest import runs

__all__ = ["runs"]
