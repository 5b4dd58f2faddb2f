"""A local server that speaks OpenAI's protocol and can misbehave in every way that matters."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Turns = list[dict[str, Any]]
Answerer = Callable[[Turns], list[dict[str, Any]]]


@dataclass
class Reply:
    """What a request is answered with, instead of the usual answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    drip_seconds: float = 0.0


@dataclass
class Asked:
    """One request as it came."""

    path: str
    body: dict[str, Any]
    authorization: str | None
    host: str | None


class FakeOpenAi:
    """`answer` makes the items of a chat from the turns asked about; `replies` are used up first, one a request."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.asked: list[Asked] = []
        self.replies: list[Reply] = []
        self.always: Reply | None = None
        self.answer: Answerer = lambda _: []
        self.dimensions = 16
        self.takes_schemas = True
        self.usage: dict[str, int] | None = {"prompt_tokens": 100, "completion_tokens": 10}
        self.lock = threading.Lock()

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [one.path.rsplit("/", 1)[-1] for one in self.asked]

    def respond(self, asked: Asked) -> Reply:
        """The reply to a request."""
        with self.lock:
            self.asked.append(asked)
            if self.replies:
                return self.replies.pop(0)
        if self.always is not None:
            return self.always
        if asked.path.endswith("/embeddings"):
            return self._embeddings(asked.body)
        return self._chat(asked.body)

    def _chat(self, body: dict[str, Any]) -> Reply:
        if body["response_format"]["type"] == "json_schema" and not self.takes_schemas:
            return Reply(400, b'{"error": {"message": "unknown response_format"}}')
        turns = json.loads(body["messages"][-1]["content"])["turns"]
        return chat(json.dumps({"items": self.answer(turns)}), usage=self.usage)

    def _embeddings(self, body: dict[str, Any]) -> Reply:
        data = [
            {"index": n, "embedding": vector_of(text, body.get("dimensions", self.dimensions))}
            for n, text in enumerate(body["input"])
        ]
        # In any order: the index says which is which.
        return Reply(body=json.dumps({"data": data[::-1], "usage": {"prompt_tokens": 7 * len(data)}}).encode())


def chat(content: str | None, *, usage: dict[str, int] | None = None, finish: str = "stop") -> Reply:
    """A chat completion with this content."""
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    answer: dict[str, Any] = {"choices": [choice]}
    if usage is not None:
        answer["usage"] = usage
    return Reply(body=json.dumps(answer).encode())


def vector_of(text: str, dimensions: int) -> list[float]:
    """Texts with the same letters in other numbers get near vectors."""
    vector = [0.01] * dimensions
    for letter in text.lower():
        vector[ord(letter) % dimensions] += 1.0
    return vector


@contextmanager
def fake_openai() -> Iterator[FakeOpenAi]:
    """The server on a free port of this machine, in threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            body = json.loads(self.rfile.read(length) or b"{}")
            asked = Asked(self.path, body, self.headers.get("authorization"), self.headers.get("host"))
            reply = fake.respond(asked)
            time.sleep(reply.wait_seconds)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            if not reply.drip_seconds:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(reply.drip_seconds)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    fake = FakeOpenAi(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
