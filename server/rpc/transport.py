"""How the gRPC server speaks on the wire."""

from typing import Final

OPTIONS: Final = (
    ("grpc.so_reuseport", 1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)
"""Options of the gRPC server; the benchmark's echo server runs with the same."""
