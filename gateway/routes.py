"""The route table: a route for every REST path of the protos, the native protocols, and what is refused."""

import re
from collections import defaultdict
from typing import Any, Final

from gateway.config import GatewayConfig
from gateway.descriptors import Contract, RestRpc

Json = dict[str, Any]

GRPC_CLUSTER: Final = "kith_grpc"
HTTP_CLUSTER: Final = "kith_http_side"
REQUESTS: Final = "kith.requests"
"""The name of the filter that reads requests before the transcoder does."""
_LUA_PER_ROUTE: Final = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute"
_STREAM_IDLE_SECONDS: Final = 60
_RAW_SECONDS: Final = 10
_RAW_BYTES: Final = 2 * 1024 * 1024
_SIDE: Final = ("/healthz", "/readyz", "/openapi.json")
RAW: Final = (("/api/webhooks/calls/{provider}/{endpoint_id}", "calls"),)
"""Paths whose bodies the server reads as bytes, as a signature covers them or as they are forms; and their surface."""
_OUTER_GUARD: Final = 20
"""The gateway lets this many times one tenant's limit through in all; the exact limit per tenant is the server's."""


def routes(contract: Contract, config: GatewayConfig) -> list[Json]:
    """Routes in the order in which they are tried."""
    table = [_native("/kith."), _native("/grpc."), *(_side(path) for path in _SIDE)]
    table += [_raw(template, surface) for template, surface in RAW]
    by_path: dict[str, list[RestRpc]] = defaultdict(list)
    for rpc in contract.rpcs:
        by_path[rpc.template].append(rpc)
    # Fixed paths before those with variables, so that `/contacts/search` is never taken for a contact's id.
    for template in sorted(by_path, key=lambda t: (t.count("{"), t)):
        table += [_rest(rpc, config) for rpc in by_path[template]]
        table.append(_refusal(by_path[template], _pattern(template)))
    return [*table, _not_found()]


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))


def _native(prefix: str) -> Json:
    """gRPC and gRPC-Web as they come; the server checks everything and the caller's own deadline holds."""
    return {
        "name": f"grpc{prefix}",
        "match": {"prefix": prefix},
        "route": {"cluster": GRPC_CLUSTER, "timeout": "0s", "max_stream_duration": {"grpc_timeout_header_max": "0s"}},
        "typed_per_filter_config": {"envoy.filters.http.buffer": _buffer_off(), REQUESTS: _no_lua()},
    }


def _side(path: str) -> Json:
    return {"name": path[1:], "match": {"path": path}, "route": {"cluster": HTTP_CLUSTER, "timeout": "3s"}}


def _raw(template: str, surface: str) -> Json:
    """Straight to the server's HTTP side, which checks who sends it; only its errors are given the surface's shape."""
    return {
        "name": f"raw {template}",
        "match": {"safe_regex": {"regex": _pattern(template)}},
        "route": {"cluster": HTTP_CLUSTER, "timeout": f"{_RAW_SECONDS}s"},
        "typed_per_filter_config": {
            "envoy.filters.http.lua": _lua(surface),
            # The server reads no more than its own cap; what is over it is refused here already.
            "envoy.filters.http.buffer": _buffer_of(_RAW_BYTES),
            REQUESTS: _no_lua(),
        },
    }


def _rest(rpc: RestRpc, config: GatewayConfig) -> Json:
    # A stream is passed on as it comes: nothing in it is filled in, which would take all of it at once.
    response = None if rpc.streams else rpc.response
    filters: Json = {
        "envoy.filters.http.lua": _lua(
            rpc.surface,
            needs_key=rpc.needs_key,
            response=response,
            streams=rpc.streams and not rpc.raw,
            unwrap=rpc.unwrap,
        )
    }
    filters[REQUESTS] = {
        "@type": _LUA_PER_ROUTE,
        "filter_context": {
            "request": rpc.request,
            "has_body": rpc.has_body,
            # Between commas, so that a name is looked for whole.
            "fixed": f",{','.join(rpc.fixed)},",
        },
    }
    if rpc.needs_bearer:
        filters["envoy.filters.http.jwt_authn"] = {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
            "requirement_name": "bearer",
        }
    if rpc.per_second:
        filters["envoy.filters.http.local_ratelimit"] = _guard(rpc)
    if rpc.max_request_bytes > config.max_request_bytes:
        filters["envoy.filters.http.buffer"] = _buffer_of(rpc.max_request_bytes)
    action: Json = {"cluster": GRPC_CLUSTER, "timeout": f"{config.request_timeout_seconds}s"}
    if rpc.streams:
        # As long as records are taken.
        action |= {"timeout": "0s", "idle_timeout": f"{_STREAM_IDLE_SECONDS}s"}
    if rpc.retryable:
        action["retry_policy"] = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2}
    route: Json = {
        "name": f"{rpc.service}/{rpc.name}",
        "match": {
            "safe_regex": {"regex": _pattern(rpc.template)},
            "headers": [{"name": ":method", "string_match": {"exact": rpc.method}}],
        },
        "route": action,
        "typed_per_filter_config": filters,
        # The query may be longer than the metadata that gRPC takes, and holds what a contact wrote.
        "request_headers_to_remove": ["x-envoy-original-path"],
    }
    if rpc.streams:
        route["request_headers_to_remove"].append("grpc-timeout")
        return route
    # The caller of a REST path names no deadline, so the server gets ours.
    deadline = {"key": "grpc-timeout", "value": f"{config.request_timeout_seconds}S"}
    route["request_headers_to_add"] = [{"header": deadline, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return route


def _refusal(rpcs: list[RestRpc], pattern: str) -> Json:
    """A known path with a method that it does not have."""
    allowed = ", ".join(sorted(rpc.method for rpc in rpcs))
    return {
        "name": f"405 {pattern}",
        "match": {"safe_regex": {"regex": pattern}},
        "direct_response": {"status": 405, "body": {"inline_string": f"this path takes {allowed}"}},
        "response_headers_to_add": [{"header": {"key": "allow", "value": allowed}}],
        "typed_per_filter_config": {"envoy.filters.http.lua": _lua(rpcs[0].surface)},
    }


def _not_found() -> Json:
    return {
        "name": "404",
        "match": {"prefix": "/"},
        "direct_response": {"status": 404, "body": {"inline_string": "no such path"}},
        "typed_per_filter_config": {"envoy.filters.http.lua": _lua("contact_intelligence")},
    }


def _lua(
    surface: str,
    *,
    needs_key: bool = False,
    response: str | None = None,
    streams: bool = False,
    unwrap: str | None = None,
) -> Json:
    context: Json = {"surface": surface, "needs_key": needs_key, "streams": streams}
    if unwrap is not None:
        context["unwrap"] = unwrap
    if response is not None:
        context["response"] = response
    return {"@type": _LUA_PER_ROUTE, "filter_context": context}


def _no_lua() -> Json:
    return {"@type": _LUA_PER_ROUTE, "disabled": True}


def _buffer_off() -> Json:
    return {"@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute", "disabled": True}


def _buffer_of(most: int) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        "buffer": {"max_request_bytes": most},
    }


def _guard(rpc: RestRpc) -> Json:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "outer_guard",
        "token_bucket": {
            "max_tokens": int(max(rpc.burst, rpc.per_second) * _OUTER_GUARD),
            "tokens_per_fill": int(rpc.per_second * _OUTER_GUARD),
            "fill_interval": "1s",
        },
        "filter_enabled": always,
        "filter_enforced": always,
    }
