"""Nodes of the event graph by name, and how far a question may reach into it."""

from typing import Final, Literal, NamedTuple, cast

from server.domain.tracking import EDGES, STARTED

NodeKind = Literal["event", "artifact", "user"]

ALL_KINDS: Final = (*EDGES, STARTED)
"""Kinds of edges, users' to their events among them."""


class Node(NamedTuple):
    """A node of the graph. A tuple, as thousands are made and put in order for one question."""

    kind: NodeKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def node(name: str) -> Node:
    """The node of a name such as `event:e_1`; its form was validated by the contract."""
    kind, _, node_id = name.partition(":")
    return Node(cast(NodeKind, kind), node_id)


class Link(NamedTuple):
    """An edge as it leads: from a user to an event, from an event to an artifact; and for how many interactions."""

    source: Node
    target: Node
    kind: str
    times: int


def similarity(together: int, one: int, other: int) -> float:
    """Jaccard: events in which both were kept among those in which either was; 0 where there are none."""
    either = one + other - together
    return together / either if either > 0 else 0.0


def keep_rate(keeps: int, of: int) -> float:
    """The share that was kept, at most 1; 0 where there was nothing."""
    return min(1.0, keeps / of) if of else 0.0
