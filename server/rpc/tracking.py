"""TrackingService: thin; the work is in `server/usecases/{tracking,graph,graph_rebuild,graph_export}.py`."""

import asyncio
from contextlib import aclosing
from typing import Final, cast

from google.api import httpbody_pb2
from grpc.aio import ServicerContext
from kith.tracking.v1 import tracking_pb2 as pb
from kith.tracking.v1 import tracking_service_pb2_grpc as grpc_pb

from server import callers
from server.convert import times
from server.convert import tracking as convert
from server.domain.errors import InvalidInput, PermissionDenied
from server.domain.graph_text import CONTENT_TYPES, Format
from server.domain.tracking import user_of_subject
from server.rpc.streaming import Streams
from server.usecases import graph
from server.usecases.graph_export import export_graph
from server.usecases.graph_rebuild import rebuild_graph
from server.usecases.services import Services
from server.usecases.tracking import record_interaction
from store.tables.tenant import PLATFORM

Context = ServicerContext[object, object]

_ADMIN: Final = "tracking:admin"
"""The permission to tell of another user than oneself."""

_CHUNK: Final = 64 * 1024
_CHUNK_SECONDS: Final = 30
"""A caller that does not take a part of an export for so long is given up."""


class TrackingServicer(grpc_pb.TrackingServiceServicer):
    """Takes what users did with what was surfaced, and answers from the graph of it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._streams = Streams()

    async def RecordInteraction(
        self, request: pb.RecordInteractionRequest, context: Context
    ) -> pb.RecordInteractionResponse:
        """Queues what a user did; where that cannot be done, the answer says so and is no error."""
        told = convert.told(request, _user(request))
        result = await record_interaction(self._services, callers.tenant_id(), told)
        if not result.queued:
            await context.send_initial_metadata((("x-http-status", "503"),))
        return convert.recorded(result)

    async def GetGraphEvent(self, request: pb.GetGraphEventRequest, context: Context) -> pb.GetGraphEventResponse:
        """Shows an event with its artifacts."""
        return convert.event(*await graph.get_event(self._services, callers.tenant_id(), request.event_id))

    async def GetArtifactEngagement(
        self, request: pb.GetArtifactEngagementRequest, context: Context
    ) -> pb.GetArtifactEngagementResponse:
        """Tells what became of an artifact."""
        since = times.from_proto(request.since) if request.HasField("since") else None
        artifact = request.artifact_id
        found = await graph.artifact_engagement(self._services, callers.tenant_id(), artifact, since)
        return convert.engagement(artifact, found)

    async def ListCoKeptArtifacts(
        self, request: pb.ListCoKeptArtifactsRequest, context: Context
    ) -> pb.ListCoKeptArtifactsResponse:
        """Lists what was kept along."""
        limit = request.limit if request.HasField("limit") else 20
        return convert.co_kept(*await graph.co_kept(self._services, callers.tenant_id(), request.artifact_id, limit))

    async def GetNeighbors(self, request: pb.GetNeighborsRequest, context: Context) -> pb.GetNeighborsResponse:
        """Shows what is near a node."""
        found = await graph.neighbors(
            self._services,
            callers.tenant_id(),
            convert.node(request.node, "node"),
            depth=request.depth if request.HasField("depth") else 1,
            kinds=request.kinds,
            limit=request.limit if request.HasField("limit") else 100,
        )
        return convert.neighbors(found)

    async def FindPaths(self, request: pb.FindPathsRequest, context: Context) -> pb.FindPathsResponse:
        """Shows how two nodes hang together."""
        found = await graph.find_paths(
            self._services,
            callers.tenant_id(),
            convert.node(request.source, "source"),
            convert.node(request.target, "target"),
            max_length=request.max_length if request.HasField("max_length") else 4,
            limit=request.limit if request.HasField("limit") else 5,
        )
        return convert.paths(found)

    async def GetUserStats(self, request: pb.GetUserStatsRequest, context: Context) -> pb.GetUserStatsResponse:
        """Tells a user's figures."""
        since = times.from_proto(request.since) if request.HasField("since") else None
        found = await graph.user_stats(self._services, callers.tenant_id(), request.user_id, since)
        return convert.user_stats(request.user_id, found)

    async def ExportGraph(  # type: ignore[override]  # gRPC also takes one that writes instead of yielding
        self, request: pb.ExportGraphRequest, context: Context
    ) -> None:
        """Exports the whole graph; one that breaks off is not well-formed."""
        format_ = cast(Format, request.format or "json")
        kind = CONTENT_TYPES[format_]
        async with self._streams.one():
            waiting: list[str] = []
            size = 0
            pieces = export_graph(self._services.database, callers.tenant_id(), format_)
            async with aclosing(pieces):
                async for piece in pieces:
                    waiting.append(piece)
                    size += len(piece)
                    if size >= _CHUNK:
                        await _send(context, kind, waiting)
                        waiting, size = [], 0
            await _send(context, kind, waiting)

    async def RebuildGraph(self, request: pb.RebuildGraphRequest, context: Context) -> pb.RebuildGraphResponse:
        """Makes the graph anew from the log."""
        tenant_id = callers.tenant_id()
        if tenant_id == PLATFORM:
            raise InvalidInput.of("tenant_id", "is needed with a platform key")
        return convert.rebuilt(await rebuild_graph(self._services.database, tenant_id, self._services.clock()))


async def _send(context: Context, content_type: str, pieces: list[str]) -> None:
    body = httpbody_pb2.HttpBody(content_type=content_type, data="".join(pieces).encode())
    async with asyncio.timeout(_CHUNK_SECONDS):
        await context.write(pb.ExportGraphResponse(body=body))


def _user(request: pb.RecordInteractionRequest) -> str:
    """The token's own user, or the one that a key or an administrator names."""
    caller = callers.current()
    own = user_of_subject(caller.actor_id) if caller.kind == "bearer" else None
    named = request.user_id or None
    if named is None:
        if own is None:
            raise InvalidInput.of("user_id", "is needed with a key, which is nobody's own")
        return own
    if named != own and not callers.may(_ADMIN):
        raise PermissionDenied(
            "Only a key or a token with tracking:admin may name another user.", details={"permission": _ADMIN}
        )
    return named
