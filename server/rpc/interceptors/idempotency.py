"""The same Idempotency-Key twice does the work once."""

import asyncio
import hashlib
import re
from contextlib import suppress
from typing import Any, Final

from server.domain.errors import InvalidInput
from server.rpc.interceptors.chain import Call, Context, Next
from server.rpc.interceptors.telemetry import REQUEST_ID
from server.rpc.policy import MethodPolicy
from server.usecases.idempotency import Answer, Asked, Claim, Idempotency
from store import deadline
from store.errors import StoreError

HEADER: Final = "idempotency-key"
STATUS: Final = "x-http-status"
_FORM: Final = re.compile(r"[\x21-\x7e]{1,255}\Z")


class Idempotent:
    """For methods that change something, where the caller sent a key; costs nothing where they did not.

    The work goes on where the caller hangs up or its deadline passes, so that it can ask again for the answer.
    """

    def __init__(self, idempotency: Idempotency) -> None:
        self._idempotency = idempotency
        self._going_on: set[asyncio.Task[Answer]] = set()

    def around(self, policy: MethodPolicy, following: Next) -> Next:
        """Keeps and replays the answers of methods with side effects."""
        if not policy.has_side_effects or policy.client_streaming or policy.server_streaming:
            return following

        async def once(call: Call, request: Any, context: Context) -> Any:
            if HEADER not in call.metadata:
                return await following(call, request, context)
            asked = _asked(policy, call, request)
            found = await self._idempotency.begin(asked)
            _name_turn(request, asked)
            if isinstance(found, Claim):
                task = asyncio.create_task(self._work(policy, following, call, request, found))
                self._going_on.add(task)
                task.add_done_callback(self._ended)
                found = await asyncio.shield(task)
            if found.http_status is not None:
                await context.send_initial_metadata(((STATUS, found.http_status), (REQUEST_ID, call.request_id)))
            return found.response

        return once

    async def _work(self, policy: MethodPolicy, following: Next, call: Call, request: Any, claim: Claim) -> Answer:
        recorder = _Recorder()
        # In this task alone: the work may outlive its caller, so the caller's deadline must not cut it short.
        deadline.set_remaining(None)
        try:
            response = await following(call, request, recorder)  # type: ignore[arg-type]
        except BaseException:
            with suppress(StoreError):
                await self._idempotency.release(claim)
            raise
        answer = Answer(response, recorder.http_status)
        if answer.http_status is not None and answer.http_status >= "500":
            # An answer that says to try again is not what trying again is to be answered with.
            with suppress(StoreError):
                await self._idempotency.release(claim)
            return answer
        # The work is done: where the answer cannot be kept, the key stands as under way until it counts as abandoned.
        with suppress(StoreError):
            await self._idempotency.finish(claim, answer, _contact_of(policy, request, response))
        return answer

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            # Taken note of here, for the caller may have hung up.
            task.exception()


class _Recorder:
    """Stands in for the context of a call that may be over before its work is: keeps what the servicer would send."""

    def __init__(self) -> None:
        self.http_status: str | None = None

    async def send_initial_metadata(self, metadata: Any) -> None:
        """Keeps the HTTP status, which is all that servicers send."""
        for name, value in metadata:
            if name == STATUS:
                self.http_status = value

    def set_trailing_metadata(self, metadata: Any) -> None:
        """Measurements of the first time mean nothing in a replay."""

    def trailing_metadata(self) -> Any:
        """Nothing is kept."""
        return ()


def _asked(policy: MethodPolicy, call: Call, request: Any) -> Asked:
    key = call.header(HEADER) or ""
    if not _FORM.match(key):
        raise InvalidInput.of(HEADER, "must be 1 to 255 visible ASCII characters")
    if call.caller is None:
        raise InvalidInput.of(HEADER, "needs a credential")
    body = request.SerializeToString(deterministic=True)
    return Asked(
        tenant_id=call.caller.tenant_id,
        operation=policy.full_name,
        key=key,
        request_hash=hashlib.sha256(body).digest(),
        contact_id=getattr(request, "contact_id", None) or None,
        personal=policy.answers_text,
        secret=policy.answers_secret,
    )


def _name_turn(request: Any, asked: Asked) -> None:
    """Gives a turn without an id one made from its key.

    Where a process dies after the work and before its answer is kept, the same turn is then known again by its id.
    """
    if "turn_id" in request.DESCRIPTOR.fields_by_name and not request.turn_id:
        request.turn_id = f"idempotency-key:{hashlib.sha256(asked.key.encode()).hexdigest()[:32]}"


def _contact_of(policy: MethodPolicy, request: Any, response: bytes) -> str | None:
    """The contact that an answer is about, so that erasing the contact erases the answer too."""
    named = getattr(request, "contact_id", None)
    if named:
        return str(named)
    answer: Any = policy.response_class.FromString(response)
    for holder in (answer, *_parts(answer)):
        if hasattr(holder, "contact_id"):
            return holder.contact_id or None
    about_contacts = policy.full_name.startswith("kith.contact.")
    return getattr(answer, "id", None) or None if about_contacts else None


def _parts(answer: Any) -> list[Any]:
    """The single messages that an answer is made of, such as its one trigger."""
    return [value for field, value in answer.ListFields() if field.message_type is not None and not field.is_repeated]
