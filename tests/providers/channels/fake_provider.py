"""A local HTTP server that plays a provider of a channel, and can misbehave in every way that matters."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass
class Reply:
    """How a request is answered. `hangs` never answers, `hangs_up` closes instead, `drips` never ends its body."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    hangs_up: bool = False
    drips: bool = False


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    """A reply in JSON; `retry_after="3"` becomes a header."""
    return Reply(status, orjson.dumps(body), {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the request."""
        found: dict[str, Any] = json.loads(self.raw)
        return found


class FakeProvider:
    """`replies` are used up first, one a request; then `always`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.replies: list[Reply] = []
        self.always = Reply()
        self.over = threading.Event()

    def respond(self, asked: Asked) -> Reply:
        """The reply to a request."""
        self.asked.append(asked)
        return self.replies.pop(0) if self.replies else self.always


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """The server on a free port of this machine, in threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = fake.respond(Asked(self.command, self.path, headers, raw))
            self.close_connection = True
            if answer.hangs:
                fake.over.wait(30)
            if answer.hangs or answer.hangs_up:
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body) + (1_000_000 if answer.drips else 0)))
            self.end_headers()
            self.wfile.write(answer.body)
            while answer.drips and not fake.over.wait(0.02):
                self.wfile.write(b" ")
                self.wfile.flush()

        do_POST = do_GET = _handle

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    fake = FakeProvider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
