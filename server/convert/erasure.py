"""Receipts of erasures between the store and protobuf."""

from kith.contact.v1 import erasure_pb2 as pb

from server.convert import times
from server.usecases.receipts import ReceiptPage, Verification
from store.receipts import Receipt


def receipt(value: Receipt) -> pb.ErasureReceipt:
    """One receipt."""
    return pb.ErasureReceipt(
        id=value.receipt_id,
        kind=value.kind,
        erased_at=times.to_proto(value.erased_at),
        counts=value.counts,
        contact_digest=value.contact_digest.hex(),
        position=value.position,
        previous_hash=value.previous_hash.hex(),
        hash=value.hash.hex(),
    )


def page(result: ReceiptPage) -> pb.ListErasuresResponse:
    """A page of receipts."""
    return pb.ListErasuresResponse(
        erasures=[receipt(one) for one in result.receipts], total=result.total, next_cursor=result.next_cursor
    )


def verification(result: Verification) -> pb.VerifyErasuresResponse:
    """What a check of the chain found."""
    return pb.VerifyErasuresResponse(
        intact=result.problem is None,
        receipts=result.receipts,
        head=result.head.hex(),
        broken_at=result.broken_at,
        problem=result.problem,
    )
