"""The word sets of outreach, as the contract declares them."""

from typing import Final, Literal, get_args

TriggerType = Literal["scheduled", "inactivity", "milestone", "recurring"]
ChannelStatus = Literal["opted_in", "opted_out", "unknown"]

TRIGGER_TYPES: Final[tuple[TriggerType, ...]] = get_args(TriggerType)
CHANNEL_STATUSES: Final[tuple[ChannelStatus, ...]] = get_args(ChannelStatus)
