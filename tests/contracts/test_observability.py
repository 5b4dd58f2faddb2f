"""Logs, metrics and traces tell what happened, and never what was said."""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from server.embedded.ports import free_ports
from server.embedded.stores import EmbeddedStores
from tests.running import RunningProduct, running_product

SECRET = "My pangolin Zebedee sleeps in Ulaanbaatar"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Plays an OTLP collector."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, str, bytes]] = []
        self.lock = threading.Lock()

    def Export(self, request, context):
        with self.lock:
            for resource in request.resource_spans:
                name = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                for scope in resource.scope_spans:
                    self.spans += [(name, s.name, s.trace_id.hex(), s.SerializeToString()) for s in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, int]]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    played = Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(played, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield played, port
    server.stop(None)


@pytest.fixture(scope="module")
def observed(
    stores: EmbeddedStores, database_name: str, collector: tuple[Collector, int]
) -> Iterator[tuple[RunningProduct, int]]:
    (metrics_port,) = free_ports(1)
    settings = {"otlp_endpoint": f"http://127.0.0.1:{collector[1]}", "metrics_port": metrics_port}
    with running_product(stores, database_name, servers=1, **settings) as running:
        with running.client() as rest:
            body = {"external_id": "wa_seen", "channel": "whatsapp", "display_name": "Zebedee's friend"}
            contact_id = rest.post("/contact-intel/contacts", json=body, headers=running.key).json()["id"]
            rest.post(
                "/contact-intel/ingest", json={"contact_id": contact_id, "user_message": SECRET}, headers=running.key
            )
            rest.get(
                f"/contact-intel/context/{contact_id}", params={"message": SECRET},
                headers={**running.key, "x-request-id": "req-seen-1"},
            )  # fmt: skip
            rest.get("/contact-intel/context/ct_none", params={"message": SECRET}, headers=running.key)
            # Refused before the router: without a credential, for a parameter, for the path, for the method.
            refused = {"message": SECRET}
            assert rest.get("/contact-intel/context/ct_none", params=refused).status_code == 401
            assert rest.get("/contact-intel/contacts", params=refused).status_code == 401
            nonsense = {**refused, "nonsense": SECRET}
            assert rest.get("/contact-intel/context/ct_none", params=nonsense, headers=running.key).status_code == 400
            assert rest.get("/no-such-path", params=refused).status_code == 404
            assert rest.put("/contact-intel/context/ct_none", params=refused).status_code == 405
        yield running, metrics_port


def test_a_call_leaves_one_json_line_with_request_id_tenant_and_time(observed: tuple[RunningProduct, int]) -> None:
    deadline = time.monotonic() + 10
    while "req-seen-1" not in (log := observed[0].log("server-0")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("request_id") == "req-seen-1"]
    assert line["tenant"] == observed[0].credentials["tenant_id"]
    assert line["method"].endswith("GetContactContext")
    assert line["ms"] > 0


@pytest.mark.parametrize("name", ["server-0", "envoy"])
def test_no_log_holds_what_was_said_or_a_credential(observed: tuple[RunningProduct, int], name: str) -> None:
    log = observed[0].log(name)
    for said in ("pangolin", "Zebedee", "Ulaanbaatar", observed[0].credentials["gateway_key"]):
        assert said not in log


def test_metrics_count_calls_by_method_and_tell_the_tier_that_answered(observed: tuple[RunningProduct, int]) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{observed[1]}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    assert re.search(r'kith_rpcs_total\{method="[^"]*GetContactContext",status="OK"\} 1.0', text)
    assert re.search(r'kith_rpc_seconds_bucket\{le="0.03",method="[^"]*GetContactContext"\}', text)
    assert re.search(r'kith_context_snapshots_total\{tier="(process|redis|postgres)"\}', text)
    assert "pangolin" not in text


def test_one_trace_goes_through_envoy_and_the_server_to_the_database(
    observed: tuple[RunningProduct, int], collector: tuple[Collector, int]
) -> None:
    deadline = time.monotonic() + 30
    while True:
        with collector[0].lock:
            spans = list(collector[0].spans)
        by_trace: dict[str, set[str]] = {}
        for service, name, trace_id, _ in spans:
            by_trace.setdefault(trace_id, set()).add(service if "postgres" not in name else "postgres")
        if any({"kith-gateway", "kith", "postgres"} <= parts for parts in by_trace.values()):
            break
        assert time.monotonic() < deadline, by_trace
        time.sleep(0.1)
    assert not any(b"pangolin" in data for *_, data in spans)
