"""Outermost: the request id, one log line, the metrics and the span of each call. No personal text in any of them."""

import asyncio
import os
import time
from contextlib import AbstractContextManager
from typing import Any, Final

from grpc.aio import AbortError
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from server import callers
from server.observability import metrics
from server.observability.call_log import CallLog
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.policy import MethodPolicy
from store.identifiers import well_formed

REQUEST_ID: Final = "x-request-id"


class Telemetry:
    """Gives each call its id, the caller's own where it is well-formed, and returns it in the trailing metadata.

    Not in the initial metadata: that would be a message of its own to the client, and a cost to the hot path.
    """

    def __init__(self, log: CallLog, tracer: Tracer | None) -> None:
        """Without a tracer there are no spans."""
        self._log = log
        self._tracer = tracer

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Measures every call."""
        if self._tracer is not None:
            following = _traced(self._tracer, policy, following)
        note = self._log.add
        method = policy.full_name
        seconds = metrics.RPC_SECONDS.labels(method)
        counters: dict[str, Any] = {}
        clock = time.perf_counter

        async def telemetry(call: Call, request: Any, context: Context) -> Any:
            started = clock()
            call.request_id = _request_id(call)
            callers.begin(call.request_id)
            try:
                response = await following(call, request, context)
                context.set_trailing_metadata((*(context.trailing_metadata() or ()), (REQUEST_ID, call.request_id)))
                return response
            except asyncio.CancelledError:
                remaining = context.time_remaining()
                call.status = "DEADLINE_EXCEEDED" if remaining is not None and remaining <= 0 else "CANCELLED"
                raise
            except AbortError:
                raise
            except BaseException:
                call.status = "INTERNAL"
                raise
            finally:
                took = clock() - started
                counter = counters.get(call.status)
                if counter is None:
                    counter = counters[call.status] = metrics.RPCS.labels(method, call.status)
                counter.inc()
                seconds.observe(took)
                note(method, call.status, took, call.request_id, call.caller)

        return telemetry


def _request_id(call: Call) -> str:
    given = call.header(REQUEST_ID)
    if given is not None and well_formed(given):
        return given
    return os.urandom(12).hex()


def _traced(tracer: Tracer, policy: MethodPolicy, following: Next) -> Next:
    service, _, method = policy.full_name.partition("/")
    fixed = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}

    async def traced(call: Call, request: Any, context: Context) -> Any:
        parent = extract({key: value for key, value in call.metadata.items() if isinstance(value, str)})
        # The messages of exceptions could be somebody's words, so they are not recorded.
        span_context: AbstractContextManager[Span] = tracer.start_as_current_span(
            policy.full_name, parent, SpanKind.SERVER, {**fixed, "kith.request_id": call.request_id},
            record_exception=False, set_status_on_exception=False,
        )  # fmt: skip
        with span_context as span:
            try:
                return await following(call, request, context)
            finally:
                if call.caller is not None:
                    span.set_attribute("kith.tenant_id", call.caller.tenant_id)
                span.set_attribute("rpc.grpc.status", call.status)
                if call.status in ("INTERNAL", "UNAVAILABLE", "UNKNOWN"):
                    span.set_status(Status(StatusCode.ERROR))

    return traced
