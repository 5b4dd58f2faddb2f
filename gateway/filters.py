"""The HTTP filter chain, in the order in which a request passes it; an answer passes it the other way round."""

import base64
from typing import Any, Final

from gateway import lua_tables
from gateway.config import GatewayConfig
from gateway.descriptors import Contract
from gateway.routes import HTTP_CLUSTER, REQUESTS

Json = dict[str, Any]

_TYPE: Final = "type.googleapis.com/envoy.extensions.filters.http."


def chain(contract: Contract, config: GatewayConfig) -> list[Json]:
    """cors, grpc_web, lua, jwt_authn, local_ratelimit, buffer, requests, transcoder, grpc_stats, router.

    The first Lua filter stands before all that refuses, so that it sees every refusal on its way out and gives it the
    surface's shape. The second reads the body, so it stands behind all that need not read it, and behind its cap.
    """
    return [
        _filter("cors", "cors.v3.Cors"),
        _filter("grpc_web", "grpc_web.v3.GrpcWeb"),
        _filter("lua", "lua.v3.Lua", default_source_code={"inline_string": lua_tables.answers(contract)}),
        _filter("jwt_authn", "jwt_authn.v3.JwtAuthentication", **_jwt(config)),
        _filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", stat_prefix="off"),
        _filter("buffer", "buffer.v3.Buffer", max_request_bytes=config.max_request_bytes),
        {
            "name": REQUESTS,
            "typed_config": {
                "@type": _TYPE + "lua.v3.Lua",
                "default_source_code": {"inline_string": lua_tables.requests(contract)},
            },
        },
        _filter("grpc_json_transcoder", "grpc_json_transcoder.v3.GrpcJsonTranscoder", **_transcoder(contract, config)),
        _filter("grpc_stats", "grpc_stats.v3.FilterConfig", stats_for_all_methods=True),
        _filter("router", "router.v3.Router"),
    ]


def _filter(name: str, kind: str, **fields: Any) -> Json:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": _TYPE + kind, **fields}}


def _jwt(config: GatewayConfig) -> Json:
    """Bearer tokens by the keys that the server itself accepts; the server checks them again."""
    uri = f"http://{config.http_side_host}:{config.http_side_port}/.well-known/jwks.json"
    provider = {
        "remote_jwks": {
            "http_uri": {"uri": uri, "cluster": HTTP_CLUSTER, "timeout": "2s"},
            # Short, so that a key that was rotated in is known before its first token arrives.
            "cache_duration": {"seconds": 2},
            "async_fetch": {"fast_listener": True},
        },
        "forward": True,
        "clock_skew_seconds": 10,
        # Expiry is the server's word too; both agree because both require `exp`.
        "require_expiration": True,
    }
    return {"providers": {"kith": provider}, "requirement_map": {"bearer": {"provider_name": "kith"}}}


def _transcoder(contract: Contract, config: GatewayConfig) -> Json:
    return {
        "proto_descriptor_bin": base64.b64encode(contract.transcoded).decode(),
        "services": list(contract.services),
        "match_incoming_request_route": True,
        "convert_grpc_status": True,
        "query_param_unescape_plus": True,
        "url_unescape_spec": "ALL_CHARACTERS_EXCEPT_RESERVED",
        # An unknown path or method is the route table's to refuse.
        "request_validation_options": {
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        # A stream of records is NDJSON.
        "print_options": {"always_print_primitive_fields": True, "stream_newline_delimited": True},
        "max_request_body_size": max(config.max_request_bytes, *(rpc.max_request_bytes for rpc in contract.rpcs)),
        "max_response_body_size": config.max_response_bytes,
    }
