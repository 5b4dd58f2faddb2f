"""A replay against a small server that speaks the public API."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from kith.contact.v1 import contact_pb2, contact_service_pb2_grpc
from kith.context.v1 import context_pb2, context_service_pb2_grpc
from kith.memory.v1 import memory_pb2, memory_service_pb2_grpc

from server.measuring import credentials
from server.measuring.connection import Api, connected
from server.measuring.credentials import Credentials
from server.measuring.errors import MeasuringError
from server.replaying.conversation import sample
from server.replaying.exchanges import exchanges
from server.replaying.report import details, evaluation
from server.replaying.run import Manner, briefing, replay, steps_of


@dataclass
class Recorder(
    context_service_pb2_grpc.ContextServiceServicer,
    contact_service_pb2_grpc.ContactServiceServicer,
    memory_service_pb2_grpc.MemoryServiceServicer,
):
    """Remembers every text as a memory and ranks by shared words."""

    ingested: list[context_pb2.IngestInteractionRequest] = field(default_factory=list)
    asked: list[context_pb2.GetContactContextRequest] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    consolidated_at: list[tuple[int, int]] = field(default_factory=list)

    async def ConsolidateMemories(self, request, context):  # type: ignore[no-untyped-def]
        self.consolidated_at.append((len(self.ingested), len(self.asked)))
        status = "failed" if len(self.consolidated_at) == 1 else "done"
        return memory_pb2.ConsolidateMemoriesResponse(
            tasks=[memory_pb2.ConsolidationResult(task="embed_memories", status=status)]
        )

    async def CreateContact(self, request, context):  # type: ignore[no-untyped-def]
        return contact_pb2.CreateContactResponse(id="ct_1", display_name=request.display_name)

    async def DeleteContact(self, request, context):  # type: ignore[no-untyped-def]
        self.deleted.append(request.contact_id)
        self.keys.add(dict(context.invocation_metadata())["authorization"])
        return contact_pb2.DeleteContactResponse()

    async def IngestInteraction(self, request, context):  # type: ignore[no-untyped-def]
        self.ingested.append(request)
        self.keys.add(dict(context.invocation_metadata())["x-gateway-key"])
        return context_pb2.IngestInteractionResponse(status="accepted", memories_extracted=1)

    async def GetContactContext(self, request, context):  # type: ignore[no-untyped-def]
        self.asked.append(request)
        words = set(request.message.lower().replace("?", "").split())
        said = [
            (text, ref)
            for turn in self.ingested
            for text, ref in (
                (turn.user_message, turn.user_message_ref), (turn.ai_response, turn.ai_response_ref),
            )
            if text
        ]  # fmt: skip
        said.sort(key=lambda s: -len(words & set(s[0].lower().split())))
        context.set_trailing_metadata((("kith-rank-us", "250"),))
        response = context_pb2.GetContactContextResponse()
        for text, ref in said[: request.memory_limit]:
            response.memories.add(id=ref, type="episode", content=text, sources=[ref], retrieval_score=0.5)
        if request.HasField("prompt_tokens"):
            response.prompt = "a good friend"
        return response


@pytest.fixture
async def recorder() -> AsyncIterator[tuple[Recorder, Api]]:
    recorder = Recorder()
    server = grpc.aio.server()
    context_service_pb2_grpc.add_ContextServiceServicer_to_server(recorder, server)
    contact_service_pb2_grpc.add_ContactServiceServicer_to_server(recorder, server)
    memory_service_pb2_grpc.add_MemoryServiceServicer_to_server(recorder, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    known = Credentials("t", "key", "platform", "token", "http://127.0.0.1:1", f"127.0.0.1:{port}")
    async with connected(known) as api:
        yield recorder, api
    await server.stop(None)


async def test_the_whole_conversation_goes_in_as_a_chat_engine_sends_it(recorder: tuple[Recorder, Api]) -> None:
    server, api = recorder
    talk = sample()
    steps: list[None] = []
    run = await replay(api, talk, "allotment-1", Manner(), lambda: steps.append(None))

    first = server.ingested[0]
    assert (first.contact_id, first.turn_id, first.session_id) == ("ct_1", "D1:1", "1")
    assert (first.user_message_ref, first.ai_response_ref) == ("D1:1", "D1:2")
    assert first.occurred_at.ToJsonString() == "2024-03-03T18:42:00Z"
    alone = next(turn for turn in server.ingested if turn.turn_id == "D5:1")
    assert not alone.HasField("user_message") and not alone.HasField("user_message_ref")
    assert len(server.ingested) == run.exchanges == len(exchanges(talk))
    assert len(steps) == steps_of(talk)
    assert server.keys == {"key"}


async def test_questions_are_asked_of_the_conversations_end(recorder: tuple[Recorder, Api]) -> None:
    server, api = recorder
    run = await replay(api, sample(), "allotment-1", Manner(ask_first=False), lambda: None)

    assert len(server.asked) == 3 * len(run.asked)
    assert {q.memory_limit for q in server.asked} == {5, 10, 25}
    assert all(q.HasField("min_importance") and q.min_importance == 0 for q in server.asked)
    assert {q.as_of.ToJsonString() for q in server.asked} == {"2024-06-04T18:19:00Z"}
    figures = evaluation([run])
    assert figures["rank_ms_p50"] == 0.25
    assert 0.3 < float(str(figures["recall@10"])) <= 1


async def test_the_deferred_pass_runs_until_it_is_done_between_the_turns_and_the_questions(
    recorder: tuple[Recorder, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, api = recorder
    monkeypatch.setattr("server.replaying.run._PAUSE_S", 0.0)
    await replay(api, sample(), "allotment-1", Manner(ask_first=False, consolidate=True), lambda: None)
    assert server.consolidated_at == [(len(exchanges(sample())), 0)] * 2
    assert len(server.asked) > 0


async def test_each_message_is_asked_about_before_it_is_ingested(recorder: tuple[Recorder, Api]) -> None:
    server, api = recorder
    talk = sample()
    await replay(api, talk, "allotment-1", Manner(ask_first=True), lambda: None)
    messages = [e for e in exchanges(talk) if e.message]
    assert [q.message for q in server.asked[: len(messages)]] == [e.message.text for e in messages if e.message]
    assert server.asked[0].as_of.ToJsonString() == "2024-03-03T18:42:00Z"


async def test_the_report_is_plain_json_with_every_question(recorder: tuple[Recorder, Api]) -> None:
    _, api = recorder
    run = await replay(api, sample(), "allotment-1", Manner(), lambda: None)
    told = json.loads(json.dumps(details([run], [await briefing(api, run, 300)])))
    conversation = told["conversations"][0]
    assert conversation["prompt"] == "a good friend"
    assert len(conversation["asked"]) == told["questions"] == 26
    one = conversation["asked"][0]
    assert sorted(one["found"] + one["missing"]) == ["D1:1"]
    assert len(one["memories"]) == 10


async def test_a_contact_is_erased_with_the_token(recorder: tuple[Recorder, Api]) -> None:
    server, api = recorder
    await api.delete_contact("ct_1")
    assert (server.deleted, server.keys) == (["ct_1"], {"Bearer token"})


def test_credentials_that_are_absent_or_lack_something_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="kith up"):
        credentials.load(tmp_path / "none.json")
    (tmp_path / "c.json").write_text('{"tenant_id": "t", "http": "h", "grpc": "g", "jwt": "j"}')
    with pytest.raises(MeasuringError, match="lacks gateway_key, platform_key"):
        credentials.load(tmp_path / "c.json")


def test_credentials_are_not_shown() -> None:
    assert "secret" not in repr(Credentials("t", "secret", "secret", "secret", "h", "g"))
