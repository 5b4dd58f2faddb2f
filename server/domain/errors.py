"""Every way an operation can be refused, in the product's own words.

    KithError
    ├── InvalidInput          a field is wrong; names it
    ├── NotFound              contact, memory, … does not exist for this tenant
    ├── Conflict              the operation does not fit what is stored
    ├── Unauthenticated       no credential, or one that is forged, expired or revoked
    ├── PermissionDenied      a good credential, but not for this
    ├── RateLimited           too many requests; says when to come back
    ├── IdempotencyMismatch   the same Idempotency-Key with another body
    ├── TooLarge              more bytes than the operation takes
    ├── DeadlineExceeded      the caller's time ran out
    └── Unavailable           a store is down; try again

`reason` is the error's code in the contract, in capitals (kith.errors.v1.ErrorReason); `rpc/status.py` alone
turns these into gRPC statuses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with one field; `field` is its path in the contract's names (`memory_limit`)."""

    field: str
    description: str


class KithError(Exception):
    """The parent of every refusal. `reason` is the contract's code, `message` is for people."""

    reason: str = "INTERNAL"

    def __init__(self, message: str, *, reason: str | None = None, details: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        if reason is not None:
            self.reason = reason


class InvalidInput(KithError):
    """One or more fields are wrong. Nothing was changed."""

    reason = "INVALID_INPUT"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str) -> "InvalidInput":
        """The common case of one wrong field."""
        return cls([FieldViolation(field, description)])


class NotFound(KithError):
    """The thing named does not exist for this tenant (or belongs to another, which is told the same way)."""

    reason = "NOT_FOUND"

    @classmethod
    def contact(cls, contact_id: str) -> "NotFound":
        """A contact id that this tenant does not have."""
        return cls(f"Contact {contact_id} does not exist for this tenant.", reason="CONTACT_NOT_FOUND")

    @classmethod
    def memory(cls, memory_id: str) -> "NotFound":
        """A memory id that this contact does not have."""
        return cls(f"Memory {memory_id} does not exist for this contact.", reason="MEMORY_NOT_FOUND")

    @classmethod
    def interaction(cls, interaction_id: str) -> "NotFound":
        """A touchpoint's id that this tenant does not have."""
        return cls(f"Interaction {interaction_id} does not exist for this tenant.", reason="INTERACTION_NOT_FOUND")

    @classmethod
    def call(cls, call_id: str) -> "NotFound":
        """A call id that this tenant does not have."""
        return cls(f"Call {call_id} does not exist for this tenant.", reason="CALL_NOT_FOUND")

    @classmethod
    def identity(cls, identity_id: str) -> "NotFound":
        """An identity's id that this contact does not have."""
        return cls(f"Identity {identity_id} does not exist for this contact.", reason="IDENTITY_NOT_FOUND")

    @classmethod
    def merge(cls, merge_id: str) -> "NotFound":
        """The id of a merge that this tenant does not have."""
        return cls(f"Merge {merge_id} does not exist for this tenant.", reason="MERGE_NOT_FOUND")


class Conflict(KithError):
    """The request is sound, but what is stored does not allow it."""

    reason = "CONFLICT"

    @classmethod
    def identity_taken(cls, field: str, contact_id: str) -> "Conflict":
        """An identity that another contact has; `field` is where it was given."""
        return cls(
            f"{field}: belongs to another contact.",
            reason="IDENTITY_TAKEN",
            details={"contact_id": contact_id, "field": field},
        )


class Unauthenticated(KithError):
    """No credential that this operation takes, or one that is unknown, forged, expired or revoked."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(KithError):
    """The credential is good, but not for this operation or this tenant."""

    reason = "PERMISSION_DENIED"


class RateLimited(KithError):
    """The tenant's rate for this operation is used up; `retry_after` is in seconds."""

    reason = "RATE_LIMITED"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many requests to this operation; try again in {max(1, math.ceil(retry_after))} s.")
        self.retry_after = retry_after


class IdempotencyMismatch(KithError):
    """The Idempotency-Key was used before with another body."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class TooLarge(KithError):
    """The message is over the operation's cap."""

    reason = "PAYLOAD_TOO_LARGE"


class Unavailable(KithError):
    """A store Kith cannot work without does not answer. The request changed nothing; try it again."""

    reason = "UNAVAILABLE"


class DeadlineExceeded(KithError):
    """The caller's deadline ran out before the work was done."""

    reason = "DEADLINE_EXCEEDED"
