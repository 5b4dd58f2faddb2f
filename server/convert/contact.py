"""Contacts between the domain and protobuf."""

from collections import Counter
from datetime import date, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from kith.contact.v1 import contact_pb2 as pb

from server.convert import times
from server.domain import relationship
from server.domain.contact import Profile, State
from server.domain.errors import InvalidInput
from server.domain.memory import Memory
from server.domain.snapshot import ContactSnapshot
from server.domain.words import MEMORY_TYPES
from server.usecases.contacts import ContactPage, ContactQuery, Created, Erased, NewContact, Shown
from store.contacts import Sort
from store.tables.outreach import TriggerRow

_TOP: Final = 10
_ENTITIES: Final = 50


def new_contact(request: pb.CreateContactRequest) -> NewContact:
    """The contact to make known."""
    return NewContact(
        external_id=request.external_id,
        channel=request.channel,
        display_name=request.display_name or None,
        contact_id=request.id or None,
        language=request.language or None,
        time_zone=request.time_zone or None,
    )


def created(result: Created) -> pb.CreateContactResponse:
    """The contact, new or known before."""
    profile = result.profile
    return pb.CreateContactResponse(
        id=profile.id,
        tenant_id=profile.tenant_id,
        external_id=profile.external_id,
        channel=profile.channel,
        display_name=profile.display_name,
        state=pb.ContactInitialState(**_state(result.state, result.zone, result.now)),
        created_at=times.to_proto(profile.created_at),
    )


def query(request: pb.ListContactsRequest) -> ContactQuery:
    """Which contacts to list, with the contract's defaults."""
    return ContactQuery(
        sort=cast(Sort, request.sort or "recent"),
        stage=None if request.stage in ("", "all") else request.stage,
        churn_risk_min=request.churn_risk_min if request.HasField("churn_risk_min") else None,
        limit=request.limit if request.HasField("limit") else 20,
        offset=request.offset,
        cursor=request.cursor or None,
    )


def page(result: ContactPage) -> pb.ListContactsResponse:
    """A page of contacts."""
    return pb.ListContactsResponse(
        contacts=[_summary(profile, state, result) for profile, state in result.contacts],
        total=result.total,
        limit=result.limit,
        offset=result.offset,
        next_cursor=result.next_cursor,
    )


def _summary(profile: Profile, state: State, result: ContactPage) -> pb.ContactSummary:
    return pb.ContactSummary(
        id=profile.id,
        display_name=profile.display_name,
        channel=profile.channel,
        relationship_stage=relationship.stage_now(state, result.now),
        active_streak=relationship.active_streak(state, _today(result.now, profile.time_zone or result.zone)),
        total_messages=state.total_messages,
        churn_risk=round(state.churn_risk, 4),
        mood=state.mood,
        last_active_at=times.optional(state.last_active_at),
    )


def full_profile(shown: Shown) -> pb.GetContactProfileResponse:
    """All that a dashboard shows of one contact."""
    snapshot, now = shown.snapshot, shown.now
    current = [m for m in snapshot.memories if m.holds(now)]
    counts = Counter(m.type for m in current)
    lasting = [m for m in current if m.type != "episode"] or current
    top = sorted(lasting, key=lambda m: (-m.importance, m.id))[:_TOP]
    return pb.GetContactProfileResponse(
        contact=contact(snapshot.profile),
        state=state(snapshot.state, snapshot.zone, now),
        memories=pb.MemorySummary(
            total=len(current),
            by_type={kind: counts[kind] for kind in MEMORY_TYPES},
            top=[pb.TopMemory(type=m.type, content=m.content, importance=round(m.importance, 4), id=m.id) for m in top],
        ),
        entities=_entities(snapshot, current)[:_ENTITIES],
        recent_outreach=[_outreach(row) for row in shown.outreach],
    )


def _entities(snapshot: ContactSnapshot, current: list[Memory]) -> list[pb.ContactEntity]:
    mentions = Counter(entity_id for memory in current for entity_id in memory.entity_ids)
    listed = sorted(snapshot.entities, key=lambda e: (-mentions[e.id], e.id))
    return [
        pb.ContactEntity(id=e.id, type=e.type, display_name=e.display_name, memory_count=mentions[e.id]) for e in listed
    ]


def contact(profile: Profile) -> pb.Contact:
    """Who a contact is."""
    return pb.Contact(
        id=profile.id,
        display_name=profile.display_name,
        channel=profile.channel,
        language=profile.language,
        created_at=times.to_proto(profile.created_at),
        external_id=profile.external_id,
        time_zone=profile.time_zone,
        outreach_consent=profile.outreach_consent,
    )


def state(value: State, zone: str, now: datetime) -> pb.ContactState:
    """How it stands with a contact at `now`."""
    return pb.ContactState(
        **_state(value, zone, now),
        total_sessions=value.total_sessions,
        churn_risk=round(value.churn_risk, 4),
        preferred_hours=relationship.preferred_hours(value),
        last_active_at=times.optional(value.last_active_at),
    )


def _state(value: State, zone: str, now: datetime) -> dict[str, Any]:
    return {
        "mood": value.mood,
        "energy": value.energy,
        "conversation_style": value.style,
        "relationship_stage": relationship.stage_now(value, now),
        "active_streak": relationship.active_streak(value, _today(now, zone)),
        "total_messages": value.total_messages,
    }


def changes(request: pb.UpdateContactRequest) -> tuple[dict[str, Any], frozenset[str] | None]:
    """The fields given, and the mask where there is one. Raises InvalidInput."""
    names = ("display_name", "language", "time_zone", "outreach_consent")
    given = {name: getattr(request, name) for name in names if request.HasField(cast(Any, name))}
    if not request.HasField("update_mask"):
        return given, None
    mask = frozenset(request.update_mask.paths)
    if not mask:
        raise InvalidInput.of("update_mask", "must name at least one field")
    return given, mask


def erased(result: Erased) -> pb.DeleteContactResponse:
    """What was erased: the counts that the document shows. The receipt has them all."""
    return pb.DeleteContactResponse(
        status="deleted",
        deleted=pb.DeletedCounts(
            memories=result.counts["memories"],
            entities=result.counts["entities"],
            triggers=result.counts["triggers"],
            interaction_logs=result.counts["interaction_logs"],
        ),
        receipt_id=result.receipt_id,
    )


def _outreach(row: TriggerRow) -> pb.RecentOutreach:
    return pb.RecentOutreach(
        type=row.trigger_type, message=row.message, sent_at=times.optional(row.sent_at), status=row.status
    )


def _today(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()
