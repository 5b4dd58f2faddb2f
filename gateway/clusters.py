"""The upstreams: the gRPC server's processes, and their small HTTP side."""

from typing import Any, Final

from gateway.config import GatewayConfig
from gateway.routes import GRPC_CLUSTER, HTTP_CLUSTER

Json = dict[str, Any]

_STREAMS_A_CONNECTION: Final = 16
_REQUESTS_A_CONNECTION: Final = 20_000


def clusters(config: GatewayConfig) -> list[Json]:
    """Both upstreams, and the trace collector where there is one."""
    found = [_grpc(config), _http_side(config)]
    if config.otlp_endpoint:
        found.append(_collector(config.otlp_endpoint))
    return found


def _grpc(config: GatewayConfig) -> Json:
    protocol = {
        # Server processes share one port, and the kernel deals out connections, not calls: one connection would keep
        # one process busy and the others idle. Few streams on each and an end to each make many, dealt out anew.
        "http2_protocol_options": {"max_concurrent_streams": _STREAMS_A_CONNECTION}
    }
    cluster = _cluster(GRPC_CLUSTER, config.grpc_host, config.grpc_port)
    cluster["typed_extension_protocol_options"] = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": protocol,
            "common_http_protocol_options": {"max_requests_per_connection": _REQUESTS_A_CONNECTION},
        }
    }
    cluster["circuit_breakers"] = {
        "thresholds": [
            {"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 16_384, "max_retries": 16}
        ]
    }
    if config.grpc_tls_ca is not None:
        context = {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "common_tls_context": {
                "alpn_protocols": ["h2"],
                "validation_context": {"trusted_ca": {"filename": str(config.grpc_tls_ca)}},
            },
        }
        cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return cluster


def _http_side(config: GatewayConfig) -> Json:
    return _cluster(HTTP_CLUSTER, config.http_side_host, config.http_side_port)


def _collector(endpoint: str) -> Json:
    host, _, port = endpoint.split("://", 1)[-1].rstrip("/").partition(":")
    cluster = _cluster("otlp", host, int(port or 4317))
    cluster["type"] = "STRICT_DNS"
    cluster["typed_extension_protocol_options"] = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
    return cluster


def _cluster(name: str, host: str, port: int) -> Json:
    address = {"socket_address": {"address": host, "port_value": port}}
    return {
        "name": name,
        "type": "STATIC" if host.replace(".", "").isdigit() or ":" in host else "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
