"""OpenTelemetry traces: off unless an OTLP endpoint is set. Spans carry ids and timings, never texts."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

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


def tracer(settings: Settings) -> trace.Tracer | None:
    """Where spans are started; None while traces are off, so that nothing is spent on them."""
    return None if settings.otlp_endpoint is None else trace.get_tracer("kith.server")
