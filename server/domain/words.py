"""The word sets of the contract: the only values these strings may take.

They are the same words that `proto/` declares on the fields; a test holds the two together.
"""

from typing import Final, Literal, get_args

Mood = Literal["happy", "neutral", "excited", "playful", "sad", "anxious", "frustrated", "bored", "angry"]
Energy = Literal["low", "medium", "high"]
Stage = Literal["new", "building", "established", "deep", "fading", "dormant"]
Trust = Literal["low", "medium", "high"]
Style = Literal["casual", "playful", "formal", "concise", "expressive"]
MemoryType = Literal["fact", "preference", "episode", "pattern"]
MemoryStatus = Literal["current", "superseded", "expired", "deleted"]
Speaker = Literal["contact", "assistant"]
EntityType = Literal["person", "pet", "place", "workplace", "thing"]
MoodSource = Literal["caller", "built_in", "none"]
Origin = Literal["rules", "llm", "caller"]

MOODS: Final[tuple[Mood, ...]] = get_args(Mood)
ENERGIES: Final[tuple[Energy, ...]] = get_args(Energy)
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
TRUSTS: Final[tuple[Trust, ...]] = get_args(Trust)
STYLES: Final[tuple[Style, ...]] = get_args(Style)
MEMORY_TYPES: Final[tuple[MemoryType, ...]] = get_args(MemoryType)
