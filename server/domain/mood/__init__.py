"""Mood and energy of a turn, and the mood of a contact over turns."""

from server.domain.mood.classifier import Classified, classify
from server.domain.mood.energy import energy
from server.domain.mood.smoothing import next_mood

__all__ = ["Classified", "classify", "energy", "next_mood"]
