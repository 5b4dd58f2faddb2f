"""The product as processes: servers, job worker and Envoy on a database of their own, for tests that need the whole."""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx

from server.embedded.envoy import envoy_argv
from server.embedded.ports import free_ports
from server.embedded.stores import EmbeddedStores
from tests.conformance import hold

START_SECONDS = 60


@dataclass
class RunningProduct:
    """Addresses and credentials of what runs; `processes` by name, for tests that end one."""

    environment: dict[str, str]
    directory: Path
    http: str
    grpc_address: str
    credentials: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, str]:
        """The header of the demo tenant's gateway key."""
        return {"x-gateway-key": self.credentials["gateway_key"]}

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a token with every permission."""
        return {"authorization": f"Bearer {self.credentials['jwt']}"}

    def client(self) -> httpx.Client:
        """A REST client of the gateway; it trusts the certificate that the product was given.

        Every answer is held to the OpenAPI document.
        """
        certificate = self.environment.get("KITH_GATEWAY_TLS_CERT")
        trusted = ssl.create_default_context(cafile=certificate) if certificate else True
        hooks: dict[str, list[Any]] = {"response": [hold]}
        return httpx.Client(base_url=self.http, timeout=20, verify=trusted, event_hooks=hooks)

    def channel(self) -> grpc.Channel:
        """A gRPC channel to the servers, not through the gateway."""
        return grpc.insecure_channel(self.grpc_address)

    def kith(self, *arguments: str) -> str:
        """Runs a `kith` command against the same stores; its standard output."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "server.cli", *arguments],
            env=self.environment, check=True, capture_output=True, text=True, timeout=60,
        ).stdout.strip()  # fmt: skip

    def start(self, name: str, *arguments: str) -> None:
        """Starts a process of the product; its output goes to a file that a failing start shows."""
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(arguments, env=self.environment, stdout=log, stderr=log)

    def start_server(self, name: str) -> None:
        """Starts one more server process on the shared port."""
        self.start(name, sys.executable, "-P", "-m", "server.main")

    def log(self, name: str) -> str:
        """What a process printed."""
        return (self.directory / f"{name}.log").read_text()

    def until(self, url: str, name: str) -> None:
        """Waits for a 200, and tells what `name` printed if none comes."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            with contextlib.suppress(httpx.TransportError), self.client() as client:
                if client.get(url).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{name} did not start:\n{self.log(name)[-4000:]}")


@contextlib.contextmanager
def running_product(
    stores: EmbeddedStores, database: str, *, servers: int = 2, gateway: bool = True, **settings: Any
) -> Iterator[RunningProduct]:
    """Servers on one port, Envoy before them; `settings` are KITH_ names in lower case."""
    grpc_port, side_port, http_port, admin_port = free_ports(4)
    with tempfile.TemporaryDirectory(prefix="kith-test-") as scratch:
        environment = {
            **os.environ,
            "KITH_DATABASE_URL": stores.app_url(database),
            "KITH_MIGRATION_DATABASE_URL": stores.owner_url(database),
            "KITH_REDIS_URL": stores.redis_url,
            "KITH_MASTER_KEY": stores.master_key,
            "KITH_GRPC_PORT": str(grpc_port),
            "KITH_HTTP_SIDE_PORT": str(side_port),
            "KITH_GATEWAY_PORT": str(http_port),
            "KITH_GATEWAY_ADMIN_PORT": str(admin_port),
            "KITH_METRICS_PORT": "0",
            **{f"KITH_{name.upper()}": str(value) for name, value in settings.items()},
        }
        scheme = "https" if "gateway_tls_cert" in settings else "http"
        product = RunningProduct(
            environment, Path(scratch), f"{scheme}://127.0.0.1:{http_port}", f"127.0.0.1:{grpc_port}"
        )
        try:
            product.kith("demo-credentials", "--out", str(product.directory / "credentials.json"))
            product.credentials = json.loads((product.directory / "credentials.json").read_text())
            for number in range(servers):
                product.start_server(f"server-{number}")
            product.until(f"http://127.0.0.1:{side_port}/readyz", "server-0")
            if gateway:
                configuration = product.directory / "envoy.yaml"
                configuration.write_text(product.kith("gateway", "--print"))
                product.start("envoy", *envoy_argv(configuration, 1))
                product.until(f"{product.http}/readyz", "envoy")
            yield product
        finally:
            for process in product.processes.values():
                process.terminate()
            for process in product.processes.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(15)
                process.kill()
