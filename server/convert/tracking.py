"""Tracking and the event graph between the domain and protobuf."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from kith.tracking.v1 import tracking_pb2 as pb

from server.convert import times
from server.domain import graph, tracking
from server.domain.errors import InvalidInput
from server.domain.graph import Link, Node
from server.domain.tracking import Told
from server.usecases.graph import Neighbourhood, Path
from server.usecases.graph_rebuild import Rebuilt
from server.usecases.tracking import Recorded
from store.graph_queries import CoKept, Engagement, UserStats
from store.tables.tracking import GraphEdgeRow, GraphEventRow


def told(request: pb.RecordInteractionRequest, user_id: str) -> Told:
    """What is told, of a user. Raises InvalidInput for its time."""
    return Told(
        kind=tracking.kind_of(request.kind),
        user_id=user_id,
        occurred_at=_occurred_at(request),
        artifact_id=request.artifact_id or None,
        metadata=_whole(MessageToDict(request.metadata)),
        contact_id=request.contact_id or None,
        event_id=request.event_id or None,
        interaction_id=request.interaction_id or None,
    )


def _occurred_at(request: pb.RecordInteractionRequest) -> datetime:
    typed = times.from_proto(request.occurred_at) if request.HasField("occurred_at") else None
    if not request.HasField("timestamp"):
        if typed is None:
            raise InvalidInput.of("timestamp", "is needed")
        return tracking.instant(typed.astimezone(UTC).isoformat())
    kind = request.timestamp.WhichOneof("kind")
    given = tracking.instant(getattr(request.timestamp, kind) if kind in ("number_value", "string_value") else None)
    if typed is not None and typed != given:
        raise InvalidInput.of("timestamp", "must be the same as occurred_at where both are given")
    return given


def _whole(value: Any) -> Any:
    """JSON as it was written: a Struct holds every number as a fraction."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def recorded(result: Recorded) -> pb.RecordInteractionResponse:
    """Whether it was taken."""
    return pb.RecordInteractionResponse(
        status="ok" if result.queued else "retry", message=result.message, event_id=result.event_id
    )


def event(row: GraphEventRow, edges: Sequence[GraphEdgeRow]) -> pb.GetGraphEventResponse:
    """An event and what became of its artifacts."""
    return pb.GetGraphEventResponse(
        event=pb.GraphEvent(
            id=row.event_id,
            kind=row.kind,
            user_id=row.user_id,
            contact_id=row.contact_id,
            occurred_at=times.to_proto(row.occurred_at),
            metadata=_struct(row.metadata),
        ),
        edges=[
            pb.GraphEdge(
                interaction_id=edge.tracked_id,
                kind=edge.kind,
                event_id=edge.event_id,
                artifact_id=edge.artifact_id,
                occurred_at=times.to_proto(edge.occurred_at),
                metadata=_struct(edge.metadata),
            )
            for edge in edges
        ],
    )


def _struct(value: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made


def engagement(artifact_id: str, found: Engagement) -> pb.GetArtifactEngagementResponse:
    """What became of an artifact."""
    return pb.GetArtifactEngagementResponse(
        artifact_id=artifact_id,
        peels=found.peels,
        keeps=found.keeps,
        good=found.good,
        bad=found.bad,
        events=found.events,
        users=found.users,
        keep_rate=round(graph.keep_rate(found.kept_in, found.events), 4),
        first_at=_optional(found.first_at),
        last_at=_optional(found.last_at),
    )


def _optional(at: datetime | None) -> Any:
    return None if at is None else times.to_proto(at)


def co_kept(found: Sequence[CoKept], keeps: int) -> pb.ListCoKeptArtifactsResponse:
    """What was kept along with an artifact that was kept in so many events."""
    return pb.ListCoKeptArtifactsResponse(
        artifacts=[
            pb.CoKeptArtifact(
                artifact_id=one.artifact_id,
                together=one.together,
                keeps=one.keeps,
                similarity=round(graph.similarity(one.together, keeps, one.keeps), 4),
            )
            for one in found
        ]
    )


def neighbors(found: Neighbourhood) -> pb.GetNeighborsResponse:
    """What is near."""
    return pb.GetNeighborsResponse(
        nodes=[pb.GraphNode(node=str(node), depth=depth) for node, depth in found.nodes.items()],
        links=[_link(link) for link in found.links],
        truncated=found.truncated,
    )


def _link(link: Link) -> pb.GraphLink:
    return pb.GraphLink(source=str(link.source), target=str(link.target), kind=link.kind, count=link.times)


def node(name: str, field: str) -> Node:
    """The node that a field names. Raises InvalidInput for the id of an event or artifact that cannot be one."""
    found = graph.node(name)
    if found.kind != "user" and (len(found.id) > 128 or set(found.id) & set("|@")):
        raise InvalidInput.of(field, f"must name an {found.kind} by an id that one can have")
    return found


def paths(found: Sequence[Path]) -> pb.FindPathsResponse:
    """How two nodes hang together."""
    return pb.FindPathsResponse(
        paths=[pb.GraphPath(nodes=[str(node) for node in path.nodes], kinds=path.kinds) for path in found]
    )


def user_stats(user_id: str, found: UserStats) -> pb.GetUserStatsResponse:
    """A user's figures."""
    return pb.GetUserStatsResponse(
        user_id=user_id,
        recalls=found.recalls,
        workspaces=found.workspaces,
        peels=found.peels,
        keeps=found.keeps,
        good=found.good,
        bad=found.bad,
        artifacts=found.artifacts,
        keep_rate=round(graph.keep_rate(found.keeps, found.peels), 4),
        first_at=_optional(found.first_at),
        last_at=_optional(found.last_at),
    )


def rebuilt(result: Rebuilt) -> pb.RebuildGraphResponse:
    """The graph that is in use now."""
    content = result.content
    return pb.RebuildGraphResponse(
        generation=result.generation,
        events=content.events,
        edges=content.edges,
        parked=content.parked,
        hash=content.hash,
        equal=result.equal,
    )
