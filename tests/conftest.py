"""Hypothesis profiles for all tests: HYPOTHESIS_PROFILE=nightly looks longer and harder."""

import os

from hypothesis import settings

settings.register_profile("ci", deadline=None, derandomize=False, max_examples=60, print_blob=True)
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
