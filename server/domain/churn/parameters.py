"""What a population of contacts is like: how often they come, and how readily they leave."""

import math
from dataclasses import astuple, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of the (modified) BG/NBD model; all positive and finite, else ValueError.

    While with us, a contact comes on λ days per day, and λ differs between contacts as Gamma(shape `r`, rate `alpha`):
    the mean is `r / alpha`, and `alpha` bears the unit of time (days, except where something else is said). After each
    day on which they came they leave with chance p, which differs as Beta(`a`, `b`): the mean is `a / (a + b)`.
    """

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) and value > 0 for value in astuple(self)):
            raise ValueError(f"parameters are positive and finite, not {astuple(self)}")


PRIOR: Final = Parameters(r=1.0, alpha=3.0, a=1.0, b=2.5)
"""What is assumed of a population that cannot be fitted yet, in days. Judgement, not measurement:

- r = 1 lets the rhythm differ as widely as an exponential does, from daily chats to monthly ones; with alpha = 3 the
  mean is one active day in three.
- a / (a + b) = 0.29 leave after their first day, far more than after any later one: of those who stayed for 21 days
  a / (a + b + 20) = 0.04 leave after the next.
- So a daily contact crosses the risk of 0.6 on the fifth silent day, when relationship.stage_now calls them fading; one
  who came on a single day, on the ninth; and a weekly one is past 0.95 after eight weeks, when the stage is dormant.
"""
