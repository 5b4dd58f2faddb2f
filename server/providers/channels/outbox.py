"""The default: messages are kept here, for the tenant to read and send as it likes."""

from datetime import datetime
from typing import Final

from server.domain.outreach.retry import Accepted, Unknown
from server.providers.channels.ports import Answer, Kind, Outgoing


class Outbox:
    """Takes everything. The row is the use case's: it belongs to the transaction that marks the message as sent."""

    kind: Final[Kind] = "outbox"
    keeps_locally: Final = True
    looks_up: Final = False

    async def deliver(self, message: Outgoing, now: datetime) -> Answer:
        """Always accepted."""
        return Answer(Accepted(message.trigger_id))

    async def look_up(self, message: Outgoing, now: datetime) -> Answer:
        """Cannot tell: what is kept here is never in doubt, so the doubt is from the channel's adapter before."""
        return Answer(Unknown())
