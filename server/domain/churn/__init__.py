"""How likely a contact has left for good, from the days on which they came.

Fitting is in `server.domain.churn.fitting`, which brings an optimiser along: only maintenance needs it.
"""

from server.domain.churn.history import histories, risk_of
from server.domain.churn.mbgnbd import churn_risk, p_alive
from server.domain.churn.parameters import PRIOR, Parameters

__all__ = ["PRIOR", "Parameters", "churn_risk", "histories", "p_alive", "risk_of"]
