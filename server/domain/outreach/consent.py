"""Who may be written to.

A contact has a general consent (True, False, or None where nobody asked) and a status per channel. The channel's own
word is the more precise one and decides where there is one; `unknown` leaves it to the general consent. So:

    channel     general       by hand, inactivity, milestone    recurring
    opted_out   any           opted_out                         opted_out
    opted_in    any           allowed                           allowed
    unknown     False         no_consent                        no_consent
    unknown     None          allowed                           no_consent
    unknown     True          allowed                           allowed

Why silence is enough for most: the contract refuses contacts that have outreach disabled, so it is enabled unless
somebody said otherwise, and such a message answers something between the two (somebody's wish, a silence, a milestone).
A recurring one answers nothing and goes to everybody at once; the configuration promises it to contacts that agreed.
"""

from typing import Literal

from server.domain.outreach.words import ChannelStatus, TriggerType

Refusal = Literal["opted_out", "no_consent"]


def refusal(general: bool | None, channel: ChannelStatus, kind: TriggerType, *, by_hand: bool) -> Refusal | None:
    """Why a message may not go out on a channel, None where it may. `by_hand`: somebody scheduled this very message."""
    if channel == "opted_out":
        return "opted_out"
    if channel == "opted_in" or general is True:
        return None
    if general is False or (kind == "recurring" and not by_hand):
        return "no_consent"
    return None
