"""The churn model of a tenant: its own parameters once its contacts settle them, before that the shipped prior."""

from server.domain.churn import PRIOR, Parameters
from store import churn_models
from store.database import Transaction


async def parameters(tx: Transaction) -> Parameters:
    """The parameters that hold for the tenant now."""
    row = await churn_models.get(tx)
    return PRIOR if row is None else Parameters(row.r, row.alpha, row.a, row.b)
