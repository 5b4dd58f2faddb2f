"""Stands in for our own programs in tests of the stack: `python fake_parts.py NAME …`.

It does only what the supervisor sees: migrations end well, credentials are written, the server answers
health checks, the gateway answers on its ports. `KITH_TEST_FAIL=NAME` makes that part fail.
"""

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def main() -> None:
    name, *arguments = sys.argv[1:]
    if os.environ.get("KITH_TEST_FAIL") == name:
        sys.exit(f"{name} was told to fail")
    {
        "migrate": lambda: None,
        "demo-credentials": lambda: credentials(Path(arguments[1])),
        "server": server,
        "worker": lambda: time.sleep(3600),
        "gateway": gateway,
    }[name]()


def credentials(out: Path) -> None:
    out.write_text(json.dumps({"tenant_id": "tnt_demo", "gateway_key": "a-key", "jwt": "a-token"}))


def server() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    running = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 1)])
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, running)
    running.add_insecure_port(f"127.0.0.1:{os.environ['KITH_GRPC_PORT']}")
    running.start()
    stop.wait()
    running.stop(1).wait()


class Yes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


def gateway() -> None:
    admin = ThreadingHTTPServer(("127.0.0.1", int(os.environ["KITH_GATEWAY_ADMIN_PORT"])), Yes)
    threading.Thread(target=admin.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["KITH_GATEWAY_PORT"])), Yes).serve_forever()


main()
