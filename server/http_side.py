"""The server's small HTTP side: what gRPC cannot serve. Envoy and probes call it; it is not for the outside."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.descriptors import committed
from server.observability import metrics
from server.readiness import Readiness


def make_app(readiness: Readiness, jwks: Callable[[], dict[str, Any]], routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Liveness, readiness, the OpenAPI document, the public halves of the keys that tokens are verified with, and the
    features' `routes`.
    """
    openapi = committed("openapi.json", "openapi/kith.json")

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        report = readiness.last
        return JSONResponse(report.as_json(), status_code=200 if report.ready else 503)

    async def keys(_: Request) -> Response:
        return JSONResponse(jwks(), headers={"cache-control": "max-age=5"})

    async def contract(_: Request) -> Response:
        return Response(openapi, media_type="application/json", headers={"cache-control": "max-age=60"})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/openapi.json", contract),
            Route("/.well-known/jwks.json", keys),
            *routes,
        ]
    )


def metrics_app() -> Starlette:
    """Prometheus metrics of all worker processes, for a port of their own."""

    async def show(_: Request) -> Response:
        return Response(metrics.render(), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[Route("/metrics", show)])


class HttpSide:
    """Serves a Starlette app on a port that all worker processes share."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._socket = shared_socket(host, port)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to serve in the background."""
        self._task = asyncio.create_task(self._server._serve([self._socket]))

    async def close(self) -> None:
        """Stops, finishing what is under way."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


def shared_socket(host: str, port: int) -> socket.socket:
    """A listening socket that other processes may open too (SO_REUSEPORT)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind((host, port))
    opened.listen(1024)
    opened.setblocking(False)
    return opened
