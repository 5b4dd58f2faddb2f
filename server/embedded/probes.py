"""Questions that tell whether a service is ready."""

from __future__ import annotations

import asyncio
import time

import grpc
import httpx
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.embedded.ports import answers

_TIMEOUT_S = 2.0


def listens(pid: int, port: int) -> bool:
    """Tell whether that very process listens on `port`, which others may share with it (SO_REUSEPORT)."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return answers(port)  # The system does not let us look; then an answer from anybody must do.
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        for connection in connections
    )


def listener(port: int) -> str:
    """Name the process that listens on `port`, as ` by name (process 1)`; empty when we may not see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.pid or not connection.laddr:
                continue
            if connection.laddr.port == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""


async def serves_grpc(address: str) -> bool:
    """Tell whether the standard health service at `address` (host:port, without TLS) says SERVING."""
    options = [("grpc.enable_http_proxy", 0)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_S)
        except grpc.aio.AioRpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def answers_ok(url: str) -> bool:
    """Tell whether GET `url` answers 200. Our own certificate need not be one that the machine trusts."""
    # Proxy settings of the environment are for the world outside, not for loopback.
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=_TIMEOUT_S) as client:  # noqa: S501
        try:
            response = await client.get(url)
        except httpx.HTTPError:
            return False
    return response.status_code == httpx.codes.OK


async def until_ok(url: str, within_s: float) -> bool:
    """Ask `url` until it answers 200; False when it does not `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if await answers_ok(url):
            return True
        await asyncio.sleep(0.1)
    return False
