"""Who may be written to."""

import pytest

from server.domain.outreach.consent import refusal
from server.domain.outreach.words import TRIGGER_TYPES, TriggerType


@pytest.mark.parametrize("kind", TRIGGER_TYPES)
@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("general", [True, False, None])
def test_an_opt_out_stops_everything(kind: TriggerType, by_hand: bool, general: bool | None) -> None:
    assert refusal(general, "opted_out", kind, by_hand=by_hand) == "opted_out"


@pytest.mark.parametrize("kind", TRIGGER_TYPES)
@pytest.mark.parametrize("general", [True, False, None])
def test_who_opted_in_on_the_channel_may_be_written_to_there(kind: TriggerType, general: bool | None) -> None:
    assert refusal(general, "opted_in", kind, by_hand=False) is None


@pytest.mark.parametrize("kind", TRIGGER_TYPES)
@pytest.mark.parametrize("by_hand", [True, False])
def test_a_general_no_counts_where_the_channel_says_nothing(kind: TriggerType, by_hand: bool) -> None:
    assert refusal(False, "unknown", kind, by_hand=by_hand) == "no_consent"


@pytest.mark.parametrize("kind", TRIGGER_TYPES)
def test_where_nobody_asked_only_recurring_messages_need_a_yes(kind: TriggerType) -> None:
    assert refusal(None, "unknown", kind, by_hand=False) == ("no_consent" if kind == "recurring" else None)
    assert refusal(None, "unknown", kind, by_hand=True) is None
    assert refusal(True, "unknown", kind, by_hand=False) is None
