"""What `kith bench scale` asks: each question as a list of requests, to either size alike."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from google.protobuf.message import Message
from kith.crm.v1 import crm_pb2
from kith.interaction.v1 import interaction_pb2
from kith.tracking.v1 import tracking_pb2

from server.benching.plans import Request
from server.benching.scale_sizes import Size, Sizes
from server.measuring.connection import timestamp

_INTERACTIONS: Final = "/kith.interaction.v1.InteractionService/ListInteractions"
_TIMELINE: Final = "/kith.interaction.v1.InteractionService/GetTimeline"
_CONTACTS: Final = "/kith.crm.v1.CrmService/ListCrmContacts"
_NEIGHBORS: Final = "/kith.tracking.v1.TrackingService/GetNeighbors"

_SORTS: Final = tuple(
    f"{field}:{order}" for field in ("created_at", "occurred_at", "updated_at") for order in ("desc", "asc")
)
_LIMIT: Final = 50
_CONTACTS_ASKED: Final = 40
_NODES_ASKED: Final = 400
_SEED: Final = 17


@dataclass(frozen=True, slots=True)
class Case:
    """One question: `group` is its part of the figures, `name` which of that. `answer` reads what comes back."""

    group: str
    name: str
    answer: type[Message]
    small: tuple[Request, ...]
    large: tuple[Request, ...]


def cases(sizes: Sizes, now: datetime) -> list[Case]:
    """Every question; the first of a group is the plain one."""
    middle = now - timedelta(days=100)
    return [*_lists(sizes, middle), *_timelines(sizes, middle), *_contacts(sizes), neighbors(sizes)]


def _lists(sizes: Sizes, middle: datetime) -> Iterator[Case]:
    def case(name: str, *, busy: bool = False, **asked: Any) -> Case:
        def requests(size: Size) -> Iterator[Message]:
            whose: dict[str, Any] = {"contact_id": size.contact_id(0)} if busy else {}
            yield interaction_pb2.ListInteractionsRequest(limit=_LIMIT, **whose, **asked)

        return _case("list", name, _INTERACTIONS, interaction_pb2.ListInteractionsResponse, requests, sizes)

    for sort in _SORTS:
        yield case(sort, sort=sort)
    for sort in _SORTS[::2]:
        yield case(f"busy contact, {sort}", busy=True, sort=sort)
    yield _of_contacts(sizes)
    yield case("common kind", type="message")
    yield case("rare kind", type="video_call")
    yield case("busy contact, one kind", busy=True, type="meeting")
    month: dict[str, Any] = {"start": timestamp(middle), "end": timestamp(middle + timedelta(days=30))}
    yield case("a month, occurred_at:desc", sort="occurred_at:desc", **month)
    yield case("from the middle on", cursor=middle.isoformat())


def _of_contacts(sizes: Sizes) -> Case:
    def requests(size: Size) -> Iterator[Message]:
        for contact in _some_contacts(size):
            yield interaction_pb2.ListInteractionsRequest(contact_id=contact, limit=_LIMIT)

    return _case("list", "one contact", _INTERACTIONS, interaction_pb2.ListInteractionsResponse, requests, sizes)


def _timelines(sizes: Sizes, middle: datetime) -> Iterator[Case]:
    def case(name: str, whose: Callable[[Size], list[str]], **asked: Any) -> Case:
        def requests(size: Size) -> Iterator[Message]:
            for contact in whose(size):
                yield interaction_pb2.GetTimelineRequest(contact_id=contact, limit=_LIMIT, **asked)

        return _case("timeline", name, _TIMELINE, interaction_pb2.GetTimelineResponse, requests, sizes)

    def busy(size: Size) -> list[str]:
        return [size.contact_id(0)]

    yield case("busy contact", busy)
    yield case("one contact", _some_contacts)
    yield case("busy contact, messages", busy, types=["message"])
    yield case("busy contact, from the middle on", busy, before=timestamp(middle))


def _contacts(sizes: Sizes) -> Iterator[Case]:
    def case(name: str, **asked: Any) -> Case:
        def requests(size: Size) -> Iterator[Message]:
            del size
            yield crm_pb2.ListCrmContactsRequest(limit=_LIMIT, **asked)

        return _case("warmth_list", name, _CONTACTS, crm_pb2.ListCrmContactsResponse, requests, sizes)

    for sort in ("warmth:desc", "warmth:asc"):
        yield case(sort, sort=sort)
    for band in ("hot", "warm", "cool", "cold"):
        yield case(f"{band}, warmth:desc", band=band, sort="warmth:desc")
    yield case("hot, default sort", band="hot")
    yield case("20 to 40, warmth:desc", warmth_min=20, warmth_max=40, sort="warmth:desc")


def neighbors(sizes: Sizes) -> Case:
    """Two steps from nodes that are met as edges meet them: a hub more often than what nearly nobody touched."""

    def requests(size: Size) -> Iterator[Message]:
        for node in nodes(size):
            yield tracking_pb2.GetNeighborsRequest(node=node, depth=2)

    return _case("neighbors", "depth 2", _NEIGHBORS, tracking_pb2.GetNeighborsResponse, requests, sizes)


def nodes(size: Size) -> Iterator[str]:
    """Events, artifacts and users in turn, each an end of an edge that was drawn."""
    chance = random.Random(_SEED)  # noqa: S311 - repeatable
    for number in range(_NODES_ASKED):
        edge = chance.randrange(size.edges)
        event = size.event_of(edge)
        yield (
            f"event:event-{event}",
            f"artifact:artifact-{size.artifact_of(edge)}",
            f"user:user-{size.user_of(event)}",
        )[number % 3]


def _some_contacts(size: Size) -> list[str]:
    chance = random.Random(_SEED)  # noqa: S311 - repeatable
    return [size.contact_id(chance.randrange(1, size.contacts)) for _ in range(_CONTACTS_ASKED)]


def _case(
    group: str, name: str, path: str, answer: type[Message],
    requests: Callable[[Size], Iterator[Message]], sizes: Sizes,
) -> Case:  # fmt: skip
    def both(size: Size) -> tuple[Request, ...]:
        return tuple(Request(path, request.SerializeToString()) for request in requests(size))

    return Case(group, name, answer, both(sizes.small), both(sizes.large))
