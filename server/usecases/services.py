"""What use cases work with; made once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.usecases.accesses import AccessLog
from server.usecases.call_endpoints import EndpointParts
from server.usecases.encoders import Encoders
from server.usecases.outreach.parts import OutreachParts
from server.usecases.providers import Providers
from server.usecases.snapshots import Snapshots
from store.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, the tenants' providers, the encoder, how messages leave, phone systems' endpoints, the clock.

    `clock` gives the time in UTC, so that a test can say what time it is.
    """

    database: Database
    snapshots: Snapshots
    accesses: AccessLog
    providers: Providers
    encoders: Encoders
    clock: Callable[[], datetime]
    outreach: OutreachParts
    endpoints: EndpointParts
