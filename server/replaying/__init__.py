"""Replaying a conversation through the public API, and asking what was remembered of it."""
