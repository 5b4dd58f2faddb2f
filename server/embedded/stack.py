"""The one-machine stack: which services it has, what they are told, and in which order they start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace

from server.embedded import data_dirs, envoy, leftovers, probes, roles, stack_file
from server.embedded.errors import EmbeddedError
from server.embedded.ourselves import OURS, Programs
from server.embedded.ports import LOOPBACK, PortClaims, reachable
from server.embedded.postgres import Postgres, open_cluster
from server.embedded.process import Service, default_log, run_once, settled
from server.embedded.redis import Redis
from server.embedded.secrets_file import Secrets
from server.embedded.spawn import Command
from server.embedded.stack_file import ServiceRecord, StackRecord
from server.embedded.stack_options import StackOptions, choose_ports
from server.embedded.supervisor import Supervisor

_MIGRATE_PATIENCE_S = 600.0
_READY_PATIENCE_S = 60.0


class Stack:
    """One stack on one data directory. `report` is told each step in a few words."""

    def __init__(self, options: StackOptions, report: Callable[[str], None], programs: Programs = OURS) -> None:
        self._options = options
        self._data_dir = options.data_dir.resolve()
        self._report = report
        self._programs = programs
        self._state = "starting"
        self._ports: dict[str, int] = {}
        self._claims = PortClaims()
        self._supervisor = Supervisor(self._write_down)
        itself = leftovers.identify(os.getpid())
        if itself is None:
            raise EmbeddedError("This process cannot see itself in the process table.", "Mount /proc.")
        self._itself = itself

    async def run(self, on_ready: Callable[[StackRecord], None]) -> None:
        """Start everything, call `on_ready`, keep it running until a stop signal, and stop it.

        Raises:
            EmbeddedError: something does not start, or the data directory or a port is taken.
        """
        data_dirs.make(self._data_dir)
        with stack_file.locked(self._data_dir):
            await asyncio.to_thread(data_dirs.end_earlier_run, self._data_dir)
            self._ports = choose_ports(self._options, stack_file.read(self._data_dir), self._claims)
            self._write_down()

            async def start() -> None:
                await self._start()
                self._enter("ready")
                on_ready(self._record())

            try:
                await self._supervisor.run(start, stopping=self._stopping)
            finally:
                self._enter("stopped")
                self._claims.release()

    async def _start(self) -> None:
        options = self._options
        secrets = data_dirs.secrets(self._data_dir)
        self._report("Postgres")
        cluster = await asyncio.to_thread(open_cluster, self._data_dir, self._ports["postgres"], secrets)
        redis = Redis(self._data_dir, self._ports["redis"], secrets.redis_password)
        await self._supervisor.start([_postgres_service(cluster)])
        await asyncio.to_thread(roles.bootstrap, cluster)
        self._report("Redis")
        await self._supervisor.start([_redis_service(redis)])
        environment = self._environment(cluster, redis, secrets)
        self._report("migrations")
        await run_once(self._kith("migrate", environment), _MIGRATE_PATIENCE_S)
        self._report("demo tenant")
        credentials = self._data_dir / data_dirs.CREDENTIALS_FILE
        await run_once(self._kith("demo-credentials", environment, "--out", str(credentials)), _READY_PATIENCE_S)
        credentials.chmod(0o600)
        self._report(f"{options.workers} server worker{'s' if options.workers > 1 else ''} and the job worker")
        servers = [self._server_service(number, environment) for number in range(1, options.workers + 1)]
        await self._supervisor.start([*servers, self._job_service(environment)])
        self._report("Envoy")
        await self._supervisor.start([self._envoy_service(environment)])
        if not await probes.until_ok(f"{self._http_url()}/readyz", _READY_PATIENCE_S):
            raise EmbeddedError(
                f"{self._http_url()}/readyz did not turn green within {_READY_PATIENCE_S:.0f} s.",
                f"See the logs in {self._data_dir / 'logs'}, and `kith doctor`.",
            )

    def _environment(self, cluster: Postgres, redis: Redis, secrets: Secrets) -> dict[str, str]:
        """Return the settings of our own processes; whatever else the operator set stays as it is."""
        urls = roles.urls(cluster)
        metrics_dir = self._data_dir / "metrics"
        shutil.rmtree(metrics_dir, ignore_errors=True)
        metrics_dir.mkdir(mode=0o700)
        return {
            "KITH_DATABASE_URL": urls.app,
            "KITH_MIGRATION_DATABASE_URL": urls.owner,
            "KITH_REDIS_URL": redis.url,
            "KITH_MASTER_KEY": self._options.master_key or secrets.master_key,
            "KITH_GRPC_HOST": self._options.grpc_host,
            "KITH_GRPC_PORT": str(self._ports["grpc"]),
            "KITH_HTTP_SIDE_PORT": str(self._ports["http_side"]),
            "KITH_METRICS_PORT": str(self._ports["metrics"]),
            "KITH_GATEWAY_HOST": self._options.gateway_host,
            "KITH_GATEWAY_PORT": str(self._ports["gateway"]),
            "KITH_GATEWAY_ADMIN_PORT": str(self._ports["gateway_admin"]),
            "KITH_WORKERS": str(self._options.workers),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir),
            "PYTHONUNBUFFERED": "1",
        }

    def _kith(self, command: str, environment: Mapping[str, str], *arguments: str) -> Command:
        log = default_log(self._data_dir, command)
        return self._programs.command(command, environment, log, command, *arguments)

    def _server_service(self, number: int, environment: Mapping[str, str]) -> Service:
        name = f"server-{number}"
        port = self._ports["grpc"]

        async def is_ready(pid: int) -> bool:
            if not probes.listens(pid, port):
                return False
            # With TLS the certificate's name is not ours to guess; the gateway's readiness will tell.
            return self._options.grpc_tls or await probes.serves_grpc(f"{reachable(self._options.grpc_host)}:{port}")

        return Service(
            self._programs.worker_process(name, environment, default_log(self._data_dir, name)),
            is_ready,
            ready_within_s=_READY_PATIENCE_S,
            stop_within_s=self._options.drain_seconds + 5,
        )

    def _job_service(self, environment: Mapping[str, str]) -> Service:
        return Service(self._kith("worker", environment), settled(1.0), stop_within_s=self._options.drain_seconds + 5)

    def _envoy_service(self, environment: Mapping[str, str]) -> Service:
        admin_port = self._ports["gateway_admin"]

        async def is_ready(pid: int) -> bool:
            del pid
            return await probes.answers_ok(f"http://{LOOPBACK}:{admin_port}/ready")

        command = self._kith("gateway", environment, "--data-dir", str(self._data_dir))
        return Service(
            replace(command, name="envoy", log=default_log(self._data_dir, "envoy")),
            is_ready,
            drain=lambda: envoy.drain(admin_port, self._options.drain_seconds),
            stop_within_s=5,
        )

    def _http_url(self) -> str:
        scheme = "https" if self._options.gateway_tls else "http"
        return f"{scheme}://{reachable(self._options.gateway_host)}:{self._ports['gateway']}"

    def _stopping(self) -> None:
        self._report("stopping")
        self._enter("stopping")

    def _enter(self, state: str) -> None:
        self._state = state
        self._write_down()

    def _record(self) -> StackRecord:
        services = {
            child.name: ServiceRecord(
                state=child.state,
                process=leftovers.identify(child.pid) if child.pid is not None else None,
                restarts=child.restarts,
                since=child.since,
                stop_signal=int(child.service.command.stop_signal),
            )
            for child in self._supervisor.children
        }
        return StackRecord(
            state=self._state,
            supervisor=self._itself,
            http=self._http_url(),
            grpc=f"{reachable(self._options.grpc_host)}:{self._ports['grpc']}",
            ports=self._ports,
            services=services,
        )

    def _write_down(self) -> None:
        if not self._ports:
            return
        # A full disk makes the status stale; that is no reason to stop looking after the children.
        with contextlib.suppress(OSError):
            stack_file.write(self._data_dir, self._record())


def _postgres_service(cluster: Postgres) -> Service:
    async def is_ready(pid: int) -> bool:
        del pid
        return await asyncio.to_thread(cluster.is_ready)

    return Service(cluster.command(), is_ready, ready_within_s=300.0, prepare=cluster.prepare, stop_within_s=60.0)


def _redis_service(redis: Redis) -> Service:
    async def is_ready(pid: int) -> bool:
        del pid
        return await asyncio.to_thread(redis.is_ready)

    return Service(redis.command(), is_ready, stop_within_s=5.0)
