"""The suites, with a second echo in the product's place: its figures must come out alike."""

from collections.abc import Iterator

import pytest
from kith.context.v1 import context_pb2

from server.benching.echo import CONTEXT, echo
from server.benching.payloads import Payloads
from server.benching.plans import Request, Target
from server.benching.seeding import Shape
from server.benching.suites import Bench, Effort
from server.measuring.errors import MeasuringError

SHAPE = Shape(contacts=40, memories=50)
QUICK = Effort(in_flight=4, rounds=1, round_seconds=0.4, rate=50, sla_seconds=0.5, warm_up=0.1)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    answer = context_pb2.GetContactContextResponse(prompt="hello").SerializeToString()
    payloads = Payloads(SHAPE, answer, b"")
    with echo(answer, b"", processes=1) as port:
        target = Target("grpc", "127.0.0.1", port, (("x-gateway-key", "k"),))
        yield Bench(target, payloads, QUICK, 1, print)


def test_the_product_is_told_as_ratios_to_an_echo(bench: Bench) -> None:
    questions = bench.payloads.questions(10)
    told = bench.against_echo("context", questions, questions)
    names = ("echo_rps", "context_rps", "ratio_rps", "echo_p95_ms", "context_p95_ms", "ratio_p95")
    assert all(isinstance(told[name], float) and float(str(told[name])) > 0 for name in names)
    # Two echoes on a busy machine: about the same.
    assert 0.3 < float(str(told["ratio_rps"])) < 3
    sla = told["sla"]
    assert isinstance(sla, dict)
    assert (sla["offered_rps"], sla["errors"]) == (50, 0)
    assert 0 < sla["p50_ms"] <= sla["p95_ms"] <= sla["p99_ms"]


def test_a_mix_keeps_its_loads_apart(bench: Bench) -> None:
    told = bench.mix({"context": (bench.payloads.questions(5), 0.8), "ingest": (bench.payloads.exchanges(5), 0.2)})
    context, ingest = told["context"], told["ingest"]
    assert isinstance(context, dict) and isinstance(ingest, dict)
    assert (context["offered_rps"], ingest["offered_rps"]) == (40, 10)


def test_a_load_that_only_fails_gives_no_figures(bench: Bench) -> None:
    with pytest.raises(MeasuringError, match="grpc 12"):
        bench.against_echo("context", [Request("/no.such/Method")], [Request(CONTEXT)])


def test_questions_go_to_different_contacts_and_the_same_ones_each_time(bench: Bench) -> None:
    asked = [context_pb2.GetContactContextRequest.FromString(request.body) for request in bench.payloads.questions(40)]
    assert {question.contact_id for question in asked} == {SHAPE.contact_id(n) for n in range(40)}
    assert all(8 <= len(question.message.split()) <= 20 for question in asked)
    assert bench.payloads.questions(10) == bench.payloads.questions(10)


def test_rest_paths_hold_no_characters_that_need_quoting(bench: Bench) -> None:
    paths = [request.path for request in bench.payloads.rest_questions(40)]
    assert all(path.startswith("/contact-intel/context/ct_bench_50_") for path in paths)
    assert not any(" " in path or not path.isascii() for path in paths)
