"""What use cases work with; made once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.usecases.accesses import AccessLog
from server.usecases.outreach.parts import OutreachParts
from server.usecases.snapshots import Snapshots
from store.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    """The stores and the clock. `clock` gives the time in UTC, so that a test can say what time it is."""

    database: Database
    snapshots: Snapshots
    accesses: AccessLog
    clock: Callable[[], datetime]
    outreach: OutreachParts
