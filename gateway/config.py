"""What the gateway needs to know besides the protos."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Addresses, TLS and outer guards. Ports are TCP ports; paths are PEM files."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8080
    gateway_admin_port: int = 9901
    grpc_host: str = "127.0.0.1"
    grpc_port: int = 50051
    http_side_host: str = "127.0.0.1"
    http_side_port: int = 50052
    grpc_tls_ca: Path | None = None
    """Whom the gateway trusts to sign the gRPC server's certificate; None where the server speaks without TLS."""
    gateway_tls_cert: Path | None = None
    gateway_tls_key: Path | None = None
    gateway_cors_origins: tuple[str, ...] = ()
    max_request_bytes: int = 262_144
    max_response_bytes: int = 64 * 1024 * 1024
    request_timeout_seconds: int = 15
    otlp_endpoint: str | None = None
