"""Merges of contacts as protobuf."""

from kith.crm.v1 import crm_pb2 as pb

from server.convert import times
from store.tables.crm import MergeRow


def merge(row: MergeRow) -> pb.Merge:
    """One merge."""
    return pb.Merge(
        id=row.merge_id,
        contact_id=row.contact_id,
        merged_id=row.merged_contact_id,
        merged_at=times.to_proto(row.merged_at),
        undone_at=times.optional(row.undone_at),
        undo_until=times.to_proto(row.undo_until),
    )
