"""The composition root of a server process: settings → stores → use cases → servicers, and a graceful stop."""

import asyncio
import contextlib
import logging
import os
import signal
from typing import Final

import grpc
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection
from kith.analytics.v1 import analytics_service_pb2_grpc
from kith.call.v1 import call_service_pb2_grpc
from kith.contact.v1 import contact_service_pb2_grpc
from kith.context.v1 import context_service_pb2_grpc
from kith.crm.v1 import crm_service_pb2_grpc
from kith.interaction.v1 import interaction_service_pb2_grpc
from kith.maintenance.v1 import maintenance_service_pb2_grpc
from kith.memory.v1 import memory_service_pb2_grpc
from kith.outreach.v1 import outreach_service_pb2_grpc
from kith.tenant.v1 import tenant_service_pb2_grpc
from kith.tracking.v1 import tracking_service_pb2_grpc
from kith.warmth.v1 import warmth_service_pb2_grpc

from server import garbage
from server.composition import Composition
from server.config import Settings
from server.http_routes.calls import LIMITED_AS, CallWebhooks
from server.http_routes.handling import Handling
from server.http_side import HttpSide, make_app, metrics_app
from server.observability import logs, traces
from server.observability.call_log import CallLog
from server.readiness import Readiness
from server.rpc import interceptors, services
from server.rpc.analytics import AnalyticsServicer
from server.rpc.call import CallServicer
from server.rpc.contact import ContactServicer
from server.rpc.context import ContextServicer
from server.rpc.crm import CrmServicer
from server.rpc.interaction import InteractionServicer
from server.rpc.maintenance import MaintenanceServicer
from server.rpc.memory import MemoryServicer
from server.rpc.outreach import OutreachServicer
from server.rpc.policy import largest_request, policy_named
from server.rpc.tenant import TenantServicer
from server.rpc.tracking import TrackingServicer
from server.rpc.transport import OPTIONS
from server.rpc.warmth import WarmthServicer
from store.limits import Limit, Limiter

log: Final = logging.getLogger("kith.server")

_READINESS_SECONDS: Final = 1.0


class Server:
    """One server process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.composition = Composition(settings)
        self.port = settings.grpc_port
        self._health = HealthServicer()
        self._call_log = CallLog(settings.log_level)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Opens the stores and both ports."""
        settings, parts = self.settings, self.composition
        await parts.__aenter__()
        limiter, tracer = Limiter(parts.redis), traces.tracer(settings)
        guards = interceptors.build(
            interceptors.Deps(
                settings=settings,
                database=parts.database,
                redis=parts.redis,
                credentials=parts.credentials,
                call_log=self._call_log,
                clock=parts.services.clock,
                tracer=tracer,
                limiter=limiter,
            )
        )
        # One larger than the cap, so that our own interceptor answers with a reason and not the transport without.
        options = (*OPTIONS, ("grpc.max_receive_message_length", largest_request(settings.max_request_bytes) + 65_536))
        self._grpc = grpc.aio.server(interceptors=guards, options=options)
        self._add_services()
        address = f"{settings.grpc_host}:{settings.grpc_port}"
        self.port = (
            self._grpc.add_secure_port(address, creds)
            if (creds := self._tls())
            else (self._grpc.add_insecure_port(address))
        )
        self._readiness = Readiness(parts.database, parts.redis)
        jwks = parts.credentials.jwks.document
        routes = self._webhooks(limiter).routes(Handling(self._call_log, tracer))
        app = make_app(self._readiness, jwks, routes)
        self._http = [HttpSide(app, settings.http_side_host, settings.http_side_port)]
        if settings.metrics_port:
            self._http.append(HttpSide(metrics_app(), settings.metrics_host, settings.metrics_port))
        await self._grpc.start()
        for side in self._http:
            side.start()
        self._watch = asyncio.create_task(self._report_health())
        log.info("serving", extra={"address": settings.grpc_host, "port": self.port})

    def _add_services(self) -> None:
        server, parts = self._grpc, self.composition
        work = parts.services
        context_service_pb2_grpc.add_ContextServiceServicer_to_server(ContextServicer(work), server)
        contact_service_pb2_grpc.add_ContactServiceServicer_to_server(ContactServicer(work), server)
        crm_service_pb2_grpc.add_CrmServiceServicer_to_server(CrmServicer(work), server)
        memory_service_pb2_grpc.add_MemoryServiceServicer_to_server(MemoryServicer(work), server)
        interaction_service_pb2_grpc.add_InteractionServiceServicer_to_server(InteractionServicer(work), server)
        analytics_service_pb2_grpc.add_AnalyticsServiceServicer_to_server(AnalyticsServicer(work), server)
        call_service_pb2_grpc.add_CallServiceServicer_to_server(CallServicer(work), server)
        outreach_service_pb2_grpc.add_OutreachServiceServicer_to_server(OutreachServicer(work), server)
        maintenance_service_pb2_grpc.add_MaintenanceServiceServicer_to_server(MaintenanceServicer(work), server)
        tenant_service_pb2_grpc.add_TenantServiceServicer_to_server(TenantServicer(parts.administration), server)
        warmth_service_pb2_grpc.add_WarmthServiceServicer_to_server(WarmthServicer(work), server)
        tracking_service_pb2_grpc.add_TrackingServiceServicer_to_server(TrackingServicer(work), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection(
            [*services.NAMES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME],
            server,
        )

    def _webhooks(self, limiter: Limiter) -> CallWebhooks:
        settings, parts = self.settings, self.composition
        rate = policy_named(LIMITED_AS, settings.rate_limits).rate
        return CallWebhooks(
            services=parts.services,
            credentials=parts.credentials,
            limiter=limiter,
            limit=None if rate is None else Limit(LIMITED_AS, rate.per_second, rate.burst),
            public_url=settings.outside_url,
            clock=parts.services.clock,
        )

    def _tls(self) -> grpc.ServerCredentials | None:
        certificate, key = self.settings.grpc_tls_cert, self.settings.grpc_tls_key
        if certificate is None or key is None:
            return None
        return grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])

    async def _report_health(self) -> None:
        """Keeps the standard health service true to readiness."""
        while True:
            try:
                ready = (await self._readiness.ask()).ready
            except Exception:
                log.exception("readiness could not be found out")
                ready = False
            status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
            for name in ("", *services.NAMES):
                await self._health.set(name, status)
            await asyncio.sleep(_READINESS_SECONDS)

    async def stop(self) -> None:
        """Refuses new calls, lets those in flight finish, closes the stores."""
        if self._watch is not None:
            self._watch.cancel()
        await self._health.enter_graceful_shutdown()
        await self._grpc.stop(self.settings.drain_seconds)
        for side in self._http:
            await side.close()
        self._call_log.flush()
        await self.composition.__aexit__(None, None, None)


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    server = Server(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    sparing = asyncio.create_task(garbage.spare_the_cache())
    await stop.wait()
    sparing.cancel()
    await server.stop()


def main() -> None:
    """The entry of `python -m server.main`."""
    settings = Settings()
    logs.configure(settings.log_level)
    traces.configure(settings)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(settings))
    logging.shutdown()
    # Threads of gRPC may linger a moment after a clean stop; everything of ours is closed by now.
    os._exit(0)


if __name__ == "__main__":
    main()
