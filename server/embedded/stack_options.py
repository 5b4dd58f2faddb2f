"""What an operator decides about a stack, and which ports follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.embedded.errors import EmbeddedError
from server.embedded.ports import LOOPBACK, PortClaims
from server.embedded.probes import listener
from server.embedded.stack_file import StackRecord

# Ports that only this machine's operator uses; tried first, so that one stack has the documented ones.
_USUAL_PORTS = {"http_side": 50052, "metrics": 9464, "gateway_admin": 9901}
_INNER_PORTS = ("postgres", "redis", *_USUAL_PORTS)


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What an operator decides about a stack. Port 0 stands for any free port.

    The TLS switches say whether the settings in the environment turn TLS on; `master_key` is one given
    there, used instead of the data directory's own. `drain_seconds` bounds how long calls in flight may
    go on when the stack stops.
    """

    data_dir: Path
    http_port: int
    grpc_port: int
    workers: int
    gateway_host: str = LOOPBACK
    grpc_host: str = LOOPBACK
    gateway_tls: bool = False
    grpc_tls: bool = False
    master_key: str | None = None
    drain_seconds: float = 10.0


def choose_ports(options: StackOptions, earlier: StackRecord | None, claims: PortClaims) -> dict[str, int]:
    """Settle every port before anything starts: those asked for must be free, the others are found.

    The inner ports stay what they were in the earlier run if they can.

    Raises:
        EmbeddedError: a port that was asked for is in use.
    """
    public = {
        "gateway": (options.http_port, options.gateway_host, "--http-port"),
        "grpc": (options.grpc_port, options.grpc_host, "--grpc-port"),
    }
    if options.http_port and options.http_port == options.grpc_port:
        raise EmbeddedError(
            f"Port {options.http_port} cannot be both the gateway's and the gRPC server's.",
            "Choose another port with --http-port or --grpc-port.",
        )
    ports: dict[str, int] = {}
    for name, (port, host, option) in public.items():
        if port and not claims.take(port, host):
            raise EmbeddedError(
                f"Port {port} on {host} is in use{listener(port)}.",
                f"Stop what listens there, or choose another port with {option}.",
            )
        ports[name] = port or claims.take_any()
    remembered = earlier.ports if earlier is not None else {}
    for name in _INNER_PORTS:
        preferred = remembered.get(name) or _USUAL_PORTS.get(name, 0)
        ports[name] = preferred if preferred and claims.take(preferred) else claims.take_any()
    return ports
