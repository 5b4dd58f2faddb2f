"""What the tests of channels share: a message, an instant, secrets that must not show."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from server.providers.channels.ports import Outgoing

WEBHOOK_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
TOKEN = "EAAG-very-secret-token-0123456789"
BOT_TOKEN = "123456:ABC-very_secret_bot_token_0123456789"
TEXT = "Good morning, Mira! 🌱 How did the seedlings do?"


def now() -> datetime:
    """The present: verifiers of signatures look at the clock."""
    return datetime.now(UTC)


def outgoing(**changes: Any) -> Outgoing:
    """A message that is due."""
    usual = Outgoing(
        trigger_id="trg_01",
        contact_id="ct_mira",
        channel="chat",
        trigger_type="inactivity",
        at=datetime(2026, 5, 4, 8, 30, tzinfo=UTC),
        external_id="mira-7",
        message=TEXT,
    )
    return replace(usual, **changes)
