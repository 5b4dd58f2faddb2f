"""Envoy's whole configuration as JSON text; the same protos and settings give the same text."""

import json
from typing import Any, Final

from gateway import filters
from gateway.clusters import clusters
from gateway.config import GatewayConfig
from gateway.descriptors import Contract
from gateway.routes import routes

Json = dict[str, Any]

_X: Final = "type.googleapis.com/envoy.extensions."

_BROWSER_HEADERS: Final = (
    "authorization",
    "content-type",
    "idempotency-key",
    "x-gateway-key",
    "x-grpc-web",
    "x-tenant-id",
    "x-request-id",
)
"""What a page of another origin may send."""

_INTERNAL_HEADERS: Final = ("x-http-status", "kith-rank-us")
"""Headers by which server and gateway talk to each other; what a client sends under these names is dropped."""


def render(config: GatewayConfig) -> str:
    """The bootstrap file."""
    contract = Contract.committed()
    bootstrap = {
        "node": {"id": "kith-gateway", "cluster": "kith"},
        "admin": {"address": _address("127.0.0.1", config.gateway_admin_port)},
        "static_resources": {"listeners": [_listener(contract, config)], "clusters": clusters(config)},
    }
    return json.dumps(bootstrap, indent=1, sort_keys=True)


def _listener(contract: Contract, config: GatewayConfig) -> Json:
    chain: Json = {
        "filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": _manager(contract, config)}
        ]
    }
    if config.gateway_tls_cert and config.gateway_tls_key:
        chain["transport_socket"] = _tls(str(config.gateway_tls_cert), str(config.gateway_tls_key))
    return {
        "name": "gateway",
        "address": _address(config.gateway_host, config.gateway_port),
        "per_connection_buffer_limit_bytes": config.max_response_bytes,
        "filter_chains": [chain],
    }


def _manager(contract: Contract, config: GatewayConfig) -> Json:
    manager: Json = {
        "@type": _X + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "codec_type": "AUTO",
        "server_name": "kith",
        # A message of 16 KiB may stand in a query, with every byte of it escaped.
        "max_request_headers_kb": 96,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "normalize_path": True,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "use_remote_address": True,
        "request_timeout": "60s",
        "stream_idle_timeout": "300s",
        "drain_timeout": "5s",
        "early_header_mutation_extensions": [_drop_internal_headers()],
        "http_filters": filters.chain(contract, config),
        "route_config": {"name": "kith", "virtual_hosts": [_host(contract, config)]},
        "access_log": [_access_log()],
        "local_reply_config": {"body_format": {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}}},
    }
    if config.otlp_endpoint:
        manager["tracing"] = {
            # http.url would hold the query, and the query what a contact wrote. The route's name says enough.
            "max_path_tag_length": 0,
            "provider": {
                "name": "envoy.tracers.opentelemetry",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                    "service_name": "kith-gateway",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "otlp"}},
                },
            },
        }
    return manager


def _host(contract: Contract, config: GatewayConfig) -> Json:
    host: Json = {"name": "kith", "domains": ["*"], "routes": routes(contract, config)}
    if config.gateway_cors_origins:
        host["typed_per_filter_config"] = {
            "envoy.filters.http.cors": {
                "@type": _X + "filters.http.cors.v3.CorsPolicy",
                "allow_origin_string_match": [{"exact": origin} for origin in config.gateway_cors_origins],
                "allow_methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
                "allow_headers": ", ".join(_BROWSER_HEADERS),
                "expose_headers": "grpc-status, grpc-message, retry-after, x-request-id",
                "max_age": "600",
            }
        }
    return host


def _access_log() -> Json:
    """One JSON object a request: the route's name and never the path, as a query may hold somebody's message."""
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": _X + "access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {
                "json_format": {
                    "at": "%START_TIME%",
                    "route": "%ROUTE_NAME%",
                    "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
                    "status": "%RESPONSE_CODE%",
                    "flags": "%RESPONSE_FLAGS%",
                    "ms": "%DURATION%",
                    "bytes_in": "%BYTES_RECEIVED%",
                    "bytes_out": "%BYTES_SENT%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                }
            },
        },
    }


def _drop_internal_headers() -> Json:
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": _X + "http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [{"remove": name} for name in _INTERNAL_HEADERS],
        },
    }


def _tls(certificate: str, key: str) -> Json:
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": _X + "transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [
                    {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}
                ],
            },
        },
    }


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
