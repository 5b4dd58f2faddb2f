"""Contacts that were known before there were identities get the one that their id on their channel is."""

import re
from collections.abc import Iterator
from typing import Any

import phonenumbers
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# As `of_channel` of `server.domain.identity` had them when this was written.
NUMBERS = {
    **dict.fromkeys(("phone", "sms", "voice", "call", "signal", "rcs", "imessage"), "phone"),
    "whatsapp": "whatsapp",
}
ADDRESS = re.compile(r"[^\s@<>\",;:\\()\[\]]{1,64}@[^\s@<>\",;:\\()\[\]]{1,189}")

CONTACTS = """
    SELECT contact_id, channel, external_id, created_at FROM contacts
    WHERE tenant_id = :tenant AND contact_id > :after ORDER BY contact_id LIMIT 1000
"""

# Of two contacts with one identity, it is the first one's.
ADD = """
    INSERT INTO contact_identities
        (tenant_id, identity_id, contact_id, kind, system, value, raw, unreadable, created_at)
    VALUES (:tenant, 'idn_' || :contact, :contact, :kind, :system, :value, :raw, false, :at)
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    connection = op.get_bind()
    # Row-level security binds the owner too: without a tenant a query would find no row, and say nothing.
    tenants = connection.execute(sa.text("SELECT tenant_id FROM tenants ORDER BY tenant_id")).scalars().all()
    for tenant in tenants:
        connection.execute(sa.text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        for batch in _batches(connection, tenant):
            connection.execute(sa.text(ADD), [_identity(tenant, *row) for row in batch])
    connection.execute(sa.text("SELECT set_config('app.tenant', '', true)"))


def downgrade() -> None:
    """Identities go with their table."""


def _batches(connection: sa.Connection, tenant: str) -> Iterator[list[Any]]:
    after = ""
    while batch := list(connection.execute(sa.text(CONTACTS), {"tenant": tenant, "after": after}).all()):
        yield batch
        after = batch[-1][0]


def _identity(tenant: str, contact_id: str, channel: str, external_id: str, at: Any) -> dict[str, Any]:
    kind, system, value = _read(channel, external_id)
    return {
        "tenant": tenant, "contact": contact_id, "kind": kind, "system": system, "value": value, "raw": external_id,
        "at": at,
    }  # fmt: skip


def _read(channel: str, external_id: str) -> tuple[str, str, str]:
    if channel in NUMBERS:
        bare = re.sub(r"^[a-z]+:|@[a-z.]+$", "", external_id).strip()
        if NUMBERS[channel] == "whatsapp" and bare.isascii() and bare.isdigit():
            bare = f"+{bare}"
        try:
            number = phonenumbers.parse(bare, None)
        except phonenumbers.NumberParseException:
            number = None
        if number is not None and phonenumbers.is_possible_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return NUMBERS[channel], "", e164
    elif channel == "email" and ADDRESS.fullmatch(external_id.strip().lower()):
        return "email", "", external_id.strip().lower()
    return "external", channel, external_id
