"""Who is calling, and in which request: set once where a call comes in, read by whoever needs it further in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

from store.tables.tenant import PLATFORM

CallerKind = Literal["key", "bearer", "platform", "webhook"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credential it is. `actor_id` is the gateway key's id, the token's subject or the webhook endpoint's id.

    `tenant_id` is the tenant the call acts for; a platform key that named none acts for `platform`. `permissions` is
    None for keys, which hold every permission of their tenant.
    """

    tenant_id: str
    kind: CallerKind
    actor_id: str
    permissions: frozenset[str] | None = None

    @property
    def actor(self) -> str:
        """How the audit log names the caller."""
        return f"{self.kind}:{self.actor_id}"


_caller: Final[ContextVar[Caller | None]] = ContextVar("kith_caller", default=None)
_action: Final[ContextVar[str | None]] = ContextVar("kith_action", default=None)
# structlog puts every variable with this prefix into the log lines of the call.
_request_id: Final[ContextVar[str]] = ContextVar("structlog_request_id")


def current() -> Caller:
    """The caller of the call under way. Raises LookupError outside one."""
    caller = _caller.get()
    if caller is None:
        raise LookupError("no call is under way")
    return caller


def tenant_id() -> str:
    """The tenant that the call under way acts for. Raises LookupError outside one."""
    return current().tenant_id


def may(permission: str) -> bool:
    """Whether the caller of the call under way holds a permission. Raises LookupError outside one."""
    held = current().permissions
    return held is None or permission in held


def request_id() -> str | None:
    """The id of the request under way; None outside one."""
    return _request_id.get(None)


def audited_action() -> str | None:
    """The name under which the call under way is written to the audit log; None where it is not."""
    return _action.get()


def known() -> Caller | None:
    """The caller, where a call is under way."""
    return _caller.get()


def begin(request_id: str) -> None:
    """Says that a request begins in this task."""
    _request_id.set(request_id)


def enter(caller: Caller, action: str | None) -> None:
    """Says who calls, in this task and what it starts; `action` is the audit log's name of the operation."""
    _caller.set(caller)
    _action.set(action)


@contextmanager
def operator(action: str) -> Iterator[None]:
    """Work that somebody with access to the machine does, so with no credential: the command line."""
    caller, named = _caller.set(Caller(PLATFORM, "platform", "operator")), _action.set(action)
    try:
        yield
    finally:
        _caller.reset(caller)
        _action.reset(named)
