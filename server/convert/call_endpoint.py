"""Endpoints of phone systems between the use cases and protobuf."""

from kith.call.v1 import call_pb2 as pb

from server.convert import times
from server.usecases.call_endpoints import EndpointParts, NewEndpoint
from store.tables.call import CallEndpointRow


def endpoint(parts: EndpointParts, row: CallEndpointRow) -> pb.CallEndpoint:
    """The endpoint, without its secret."""
    return pb.CallEndpoint(
        id=row.endpoint_id,
        provider=row.provider,
        url=parts.url_of(row),
        agent_id=row.agent_id,
        created_at=times.to_proto(row.created_at),
    )


def created(parts: EndpointParts, new: NewEndpoint) -> pb.CreateCallEndpointResponse:
    """The new endpoint, with the secret where it was made here."""
    return pb.CreateCallEndpointResponse(endpoint=endpoint(parts, new.row), secret=new.made_secret)
