"""OpenTelemetry traces: off unless an OTLP endpoint is set. Spans carry ids and timings, never texts."""

from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from server.config import Settings


def configure(settings: Settings) -> None:
    """Starts exporting where the settings name an endpoint; else every span is a no-op."""
    if settings.otlp_endpoint is None:
        return
    resource = Resource.create({"service.name": "kith", "deployment.environment.name": settings.environment})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint, insecure=settings.otlp_endpoint.startswith("http://"))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def watch_database(settings: Settings, engine: AsyncEngine) -> None:
    """Has every statement become a span below the call's; off while traces are off.

    A span is named by the statement's first word and holds the statement with its placeholders, never a value.
    """
    if settings.otlp_endpoint is None:
        return
    spans = trace.get_tracer("kith.store")

    def begin(_: object, __: object, statement: str, ___: object, context: Any, ____: object) -> None:
        name = statement.split(maxsplit=1)[0]
        context.kith_span = spans.start_span(
            f"postgres {name}",
            kind=trace.SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": statement},
        )

    def end(_: object, __: object, ___: str, ____: object, context: Any, _____: object) -> None:
        context.kith_span.end()

    def fail(failure: Any) -> None:
        span = getattr(failure.execution_context, "kith_span", None)
        if span is not None:
            span.set_status(trace.StatusCode.ERROR)
            span.end()

    event.listen(engine.sync_engine, "before_cursor_execute", begin)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", fail)


def tracer(settings: Settings) -> trace.Tracer | None:
    """Where spans are started; None while traces are off, so that nothing is spent on them."""
    return None if settings.otlp_endpoint is None else trace.get_tracer("kith.server")
