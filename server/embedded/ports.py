"""TCP ports on the loopback interface: finding free ones, and asking whether one is free or answers."""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
from pathlib import Path

from server.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"

_FIRST = 15_000
_EPHEMERAL_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_FIRST_EPHEMERAL = 32_768


def free_ports(count: int, host: str = LOOPBACK) -> list[int]:
    """Return `count` different ports that nobody listens on just now.

    They lie below those that the system gives to outgoing connections: such a connection could otherwise
    take the port while its server restarts, even a client's own that tries to reach the server (TCP
    allows a connection to itself). Another server may still take one before it is used; whoever starts
    a server on it must be ready to ask again.

    Raises:
        EmbeddedError: no free port was found.
    """
    span = max(1, _first_ephemeral() - _FIRST)
    held: list[socket.socket] = []
    with contextlib.ExitStack() as listeners:
        for _ in range(200 * count):
            if len(held) == count:
                break
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listeners.enter_context(contextlib.closing(listener))
            with contextlib.suppress(OSError):
                listener.bind((host, _FIRST + secrets.randbelow(span)))
                held.append(listener)
        if len(held) < count:
            raise EmbeddedError(f"No {count} free ports between {_FIRST} and {_FIRST + span} on {host}.")
        return [int(listener.getsockname()[1]) for listener in held]


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on `port` now. Ports that are merely in TIME_WAIT count as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without SO_REUSEPORT on our side this fails as soon as anybody listens, with or without it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def reachable(host: str) -> str:
    """Return an address to reach a server that listens on `host`: a wildcard is no address to call."""
    return LOOPBACK if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Tell whether somebody accepts TCP connections on `port` within `timeout` seconds."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


class PortClaims:
    """Ports that this process means to use, before anybody listens on them.

    Two stacks that start at once would otherwise both find a port free, and the server's ports, which
    several processes may share, would then quietly belong to both. Other stacks see a claim as long as
    this process lives. Only Linux has the names that this rests on; elsewhere every claim is granted.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, port: int, host: str = LOOPBACK) -> bool:
        """Claim a port; False when it is in use or claimed."""
        if not is_free(port, host):
            return False
        if sys.platform == "linux":
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                claim.bind(f"\0kith-port-{port}")
            except OSError:
                claim.close()
                return False
            self._held.append(claim)
        return True

    def take_any(self) -> int:
        """Claim any free port of the loopback interface and return it."""
        while True:
            port = free_ports(1)[0]
            if self.take(port):
                return port

    def release(self) -> None:
        """Give up all claims."""
        while self._held:
            self._held.pop().close()


def _first_ephemeral() -> int:
    try:
        first = int(_EPHEMERAL_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _USUAL_FIRST_EPHEMERAL
    return first if first > _FIRST + 1_000 else _USUAL_FIRST_EPHEMERAL
