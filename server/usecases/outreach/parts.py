"""What outreach needs besides the stores: adapters of channels, and who writes texts."""

from dataclasses import dataclass
from typing import Protocol

from server.domain.outreach.composer import Brief
from server.providers.channels.ports import Adapter
from server.providers.channels.registry import Setup
from server.secrets import Envelope


class Adapters(Protocol):
    """Makes adapters of channels."""

    def adapter_for(self, setup: Setup) -> Adapter:
        """The adapter of a channel. Raises InvalidInput, naming every field that is wrong."""


class Writer(Protocol):
    """Writes a message that nobody wrote."""

    async def write(self, tenant_id: str, brief: Brief) -> str | None:
        """The text; None where it has none to offer, and then the built-in composer writes.

        Raises for nothing but a fault of its own, which has the same effect.
        """


@dataclass(frozen=True, slots=True)
class OutreachParts:
    """How messages are written and leave. `envelope` is None where the deployment has no master key."""

    adapters: Adapters
    envelope: Envelope | None
    writer: Writer
    allow_private: bool = False
