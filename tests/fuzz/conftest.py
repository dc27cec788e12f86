"""The profile for a long run: ``python -m pytest tests/fuzz --hypothesis-profile=long``."""

from __future__ import annotations

from hypothesis import settings

from tests.fuzz.profiles import LONG

settings.register_profile(LONG, settings.get_profile("default"), max_examples=20_000, deadline=None)
