"""How messages of each channel leave: set up and shown; and the outbox, where those of no channel are."""

from dataclasses import dataclass
from typing import Final

from server.domain.errors import FieldViolation, InvalidInput
from server.providers.channels.ports import Adapter
from server.providers.channels.registry import Setup, wrong_with
from server.secrets import UnreadableSecret
from server.usecases import audit, paging
from server.usecases.contacts import MOST
from server.usecases.outreach.parts import OutreachParts
from server.usecases.services import Services
from store import outbox, outreach_settings, pagination
from store.database import Transaction
from store.tables.outreach import ChannelRow, OutboxRow

OUTBOX: Final = "outbox"

_SENDS_SECRET: Final = frozenset({"whatsapp_cloud", "telegram", "email"})
"""Kinds whose secret itself is sent to the URL: another URL needs it given again, so that nobody can have it sent."""


class UnusableChannel(Exception):
    """What is stored of a channel makes no adapter: its secret cannot be read, or its URL is not allowed any more."""


async def list_channels(services: Services, tenant_id: str) -> list[ChannelRow]:
    """The channels that are set up, by name."""
    async with services.database.transaction(tenant_id) as tx:
        return await outreach_settings.channels(tx)


async def set_channel(services: Services, tenant_id: str, channel: str, setup: Setup) -> ChannelRow:
    """Sets up how messages of a channel leave; without a secret the stored one stays. Raises InvalidInput."""
    now, parts = services.clock(), services.outreach

    async def work(tx: Transaction) -> ChannelRow:
        before = await outreach_settings.channel(tx, channel, lock=True)
        secret = setup.secret
        if secret is None and before is not None and before.kind == setup.kind and before.secret is not None:
            if setup.kind in _SENDS_SECRET and before.url != setup.url:
                raise InvalidInput.of("secret", "must be given again where the url changes")
            try:
                secret = _opened(parts, before)
            except UnusableChannel:
                raise InvalidInput.of("secret", "is stored and cannot be read; give it again") from None
        wanted = Setup(setup.kind, setup.url, setup.sender, None if setup.kind == OUTBOX else secret)
        violations = wrong_with(wanted, allow_private=parts.allow_private)
        if wanted.secret is not None and parts.envelope is None:
            violations.append(FieldViolation("secret", "cannot be kept: this deployment has no KITH_MASTER_KEY"))
        if violations:
            raise InvalidInput(violations)
        sealed = None
        if wanted.secret is not None and parts.envelope is not None:
            sealed = parts.envelope.encrypt(
                wanted.secret.encode(), tenant_id=tenant_id, purpose=_purpose(channel, setup.kind)
            )
        row = ChannelRow(tenant_id, channel, setup.kind, setup.url, setup.sender, sealed, now)
        await outreach_settings.put_channel(tx, row)
        await audit.record(tx, target=channel)
        return row

    return await services.database.run(tenant_id, work)


def adapter_of(parts: OutreachParts, row: ChannelRow | None) -> Adapter:
    """The adapter of a channel; the outbox for one that is not set up. Raises UnusableChannel."""
    if row is None:
        return parts.adapters.adapter_for(Setup(OUTBOX))
    try:
        return parts.adapters.adapter_for(Setup(row.kind, row.url, row.sender, _opened(parts, row)))
    except InvalidInput:
        # Not chained: what was wrong is told where the channel is set.
        raise UnusableChannel(f"channel {row.channel} is not set up in a way that can be used") from None


def _opened(parts: OutreachParts, row: ChannelRow) -> str | None:
    if row.secret is None:
        return None
    if parts.envelope is None:
        raise UnusableChannel("KITH_MASTER_KEY is not set")
    try:
        purpose = _purpose(row.channel, row.kind)
        return parts.envelope.decrypt(row.secret, tenant_id=row.tenant_id, purpose=purpose).decode()
    except UnreadableSecret as error:
        raise UnusableChannel(str(error)) from None


def _purpose(channel: str, kind: str) -> str:
    return f"outreach channel {channel} {kind}"


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """One page of kept messages, newest first."""

    messages: list[OutboxRow]
    total: int
    next_cursor: str | None


async def list_outbox(
    services: Services, tenant_id: str, contact_id: str | None, limit: int, cursor: str | None
) -> OutboxPage:
    """A page of the outbox; `limit` is at least 1. Raises InvalidInput for a cursor of another query."""
    bound, most = {"list": "outbox", "contact": contact_id}, min(limit, MOST)
    after = paging.position(bound, cursor, outbox.POSITION)
    async with services.database.transaction(tenant_id) as tx:
        rows, total, last = await outbox.page(tx, contact_id=contact_id, limit=most, after=after)
    return OutboxPage(rows, total, None if last is None else pagination.encode(bound, last))
