"""The parts of `scripts/fit_mood.py`."""
