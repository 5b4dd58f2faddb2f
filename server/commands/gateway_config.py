"""The settings, as far as the gateway needs them."""

from gateway.config import GatewayConfig
from server.config import Settings


def gateway_config(settings: Settings) -> GatewayConfig:
    """What Envoy's configuration is rendered from."""
    return GatewayConfig(
        gateway_host=settings.gateway_host,
        gateway_port=settings.gateway_port,
        gateway_admin_port=settings.gateway_admin_port,
        grpc_host=settings.grpc_host,
        grpc_port=settings.grpc_port,
        http_side_host=settings.http_side_host,
        http_side_port=settings.http_side_port,
        grpc_tls_ca=settings.grpc_tls_ca or settings.grpc_tls_cert,
        gateway_tls_cert=settings.gateway_tls_cert,
        gateway_tls_key=settings.gateway_tls_key,
        gateway_cors_origins=settings.gateway_cors_origins,
        max_request_bytes=settings.max_request_bytes,
        otlp_endpoint=settings.otlp_endpoint,
    )
