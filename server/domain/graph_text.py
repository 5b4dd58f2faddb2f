"""The event graph as one document, written piece by piece: JSON, or GraphML (http://graphml.graphdrawing.org)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final, Literal, Protocol

from server.domain.tracking import LABELS, STARTED

Format = Literal["json", "graphml"]

Plain = Literal["artifact", "user"]
"""Nodes of which nothing is known but their id."""

CONTENT_TYPES: Final[Mapping[Format, str]] = {"json": "application/json", "graphml": "application/graphml+xml"}

_NODE_KEYS: Final = ("type", "label", "user_id", "contact_id", "occurred_at", "metadata")
_EDGE_KEYS: Final = ("label", "interaction_id", "contact_id", "occurred_at", "metadata")


class Writer(Protocol):
    """Writes one document: nodes first, then edges, between a beginning, a middle and an end."""

    beginning: str
    middle: str
    end: str

    def node(self, name: str, data: Mapping[str, Any]) -> str:
        """A node, by its name such as `event:e_1`."""

    def edge(self, source: str, target: str, data: Mapping[str, Any]) -> str:
        """An edge, from node to node."""


class JsonWriter:
    """`{"nodes":[…],"edges":[…]}`, one node or edge a line."""

    beginning = '{"nodes":['
    middle = '\n],"edges":['
    end = "\n]}\n"

    def __init__(self) -> None:
        self._separators = {"nodes": "\n", "edges": "\n"}

    def node(self, name: str, data: Mapping[str, Any]) -> str:
        """One object, with the name as `id`."""
        return self._line("nodes", {"id": name, **data})

    def edge(self, source: str, target: str, data: Mapping[str, Any]) -> str:
        """One object, with the nodes as `source` and `target`."""
        return self._line("edges", {"source": source, "target": target, **data})

    def _line(self, of: str, record: dict[str, Any]) -> str:
        separator, self._separators[of] = self._separators[of], ",\n"
        return separator + json.dumps(record, ensure_ascii=False, separators=(",", ":"))


class GraphMlWriter:
    """GraphML; metadata is JSON within it. All of it is ASCII, so that no character is one that XML does not have."""

    beginning = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        + "".join(f'<key id="n_{k}" for="node" attr.name="{k}" attr.type="string"/>\n' for k in _NODE_KEYS)
        + "".join(f'<key id="e_{k}" for="edge" attr.name="{k}" attr.type="string"/>\n' for k in _EDGE_KEYS)
        + '<graph id="events" edgedefault="directed">\n'
    )
    middle = ""
    end = "</graph>\n</graphml>\n"

    def node(self, name: str, data: Mapping[str, Any]) -> str:
        """One `node` element."""
        return f'<node id="{_safe(name)}">{self._data("n", data)}</node>\n'

    def edge(self, source: str, target: str, data: Mapping[str, Any]) -> str:
        """One `edge` element."""
        return f'<edge source="{_safe(source)}" target="{_safe(target)}">{self._data("e", data)}</edge>\n'

    def _data(self, of: str, data: Mapping[str, Any]) -> str:
        return "".join(
            f'<data key="{of}_{key}">{_safe(value if isinstance(value, str) else json.dumps(value))}</data>'
            for key, value in data.items()
            if value is not None
        )


def _safe(value: str) -> str:
    return escape(value).encode("ascii", "xmlcharrefreplace").decode()


def writer(format_: Format) -> Writer:
    """What writes a format."""
    return JsonWriter() if format_ == "json" else GraphMlWriter()


def event_data(
    kind: str, user_id: str, contact_id: str | None, metadata: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """What an event is exported with."""
    return {
        "type": "event", "label": LABELS[kind], "user_id": user_id, "contact_id": contact_id, "occurred_at": _time(at),
        "metadata": metadata,
    }  # fmt: skip


def edge_data(
    kind: str, interaction_id: str, contact_id: str | None, metadata: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """What an edge is exported with."""
    return {
        "label": LABELS[kind], "interaction_id": interaction_id, "contact_id": contact_id, "occurred_at": _time(at),
        "metadata": metadata,
    }  # fmt: skip


def plain_data(of: Plain) -> dict[str, Any]:
    """What an artifact or a user is exported with."""
    return {"type": of, "label": of.capitalize()}


STARTED_DATA: Final[Mapping[str, Any]] = {"label": LABELS[STARTED]}
"""What the edge from a user to an event is exported with."""


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
