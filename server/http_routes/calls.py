"""Webhooks of phone systems: POST /api/webhooks/calls/{provider}/{endpoint_id}.

The endpoint's id names the tenant, and what the endpoint was made with verifies the signature over the bytes as they
came; or a gateway key of the tenant does. Only then is the body read. What it tells goes to `usecases/calls.tell`,
which takes it in once, however often and in whatever order it is delivered.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from kith.call.v1.call_pb2 import CreateCallRequest
from starlette.routing import Route

from server import callers
from server.callers import Caller
from server.convert import call as convert
from server.credentials import call_signatures
from server.credentials.authenticator import Credentials
from server.credentials.call_signatures import FORM, Delivery
from server.domain import call_providers
from server.domain.calls import Told
from server.domain.errors import (
    InvalidInput,
    KithError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unauthenticated,
)
from server.domain.turn import AHEAD
from server.http_routes.handling import Handling, RawAnswer, RawRequest
from server.http_routes.rest_json import rest_json
from server.rpc.interceptors.auth import GATEWAY_KEY_HEADER
from server.rpc.interceptors.tenancy import TENANT_HEADER
from server.rpc.json_names import in_json
from server.usecases import calls
from server.usecases.services import Services
from store.limits import Limit, Limiter
from store.tables.call import CallEndpointRow

PATH: Final = "/api/webhooks/calls/{provider}/{endpoint_id}"
MOST_BYTES: Final = 2 * 1024 * 1024

LIMITED_AS: Final = "CallCompleted"
"""The RPC whose rate these webhooks share: a tenant's phone systems together, however they tell."""

_NO_SECRET: Final = secrets.token_hex(32)
"""What a webhook for an endpoint that does not exist is compared with: it takes as long as one that does."""


@dataclass(frozen=True, slots=True)
class CallWebhooks:
    """What the route works with. `public_url` is what the gateway is reached by from outside; no limit where None."""

    services: Services
    credentials: Credentials
    limiter: Limiter
    limit: Limit | None
    public_url: str
    clock: Callable[[], datetime]

    def routes(self, handling: Handling) -> list[Route]:
        """The route, for the HTTP side."""
        return [handling.post(PATH, "webhooks.calls", MOST_BYTES, self.receive)]

    async def receive(self, request: RawRequest) -> RawAnswer:
        """Takes one delivery in. Raises a KithError for what is not taken."""
        provider = request.path["provider"]
        endpoint = await self._authenticated(provider, request.path["endpoint_id"], request)
        await self._limited(endpoint.tenant_id)
        told = call_providers.read(provider, _payload(provider, request))
        if told is None:
            return RawAnswer(200, {"status": "ignored"})
        if told.agent_id is None:
            told = replace(told, agent_id=endpoint.agent_id)
        if provider != "generic":
            told = _without_times_ahead(told, self.clock())
        try:
            result = await calls.tell(self.services, endpoint.tenant_id, told)
        except InvalidInput as error:
            raise in_json(error, CreateCallRequest) from error
        return RawAnswer(201 if result.created else 200, rest_json(convert.call(result.call)))

    async def _authenticated(self, provider: str, endpoint_id: str, request: RawRequest) -> CallEndpointRow:
        """The endpoint, where the sender may post to it."""
        endpoint = await self.credentials.call_endpoints.get(endpoint_id)
        if endpoint is None or endpoint.provider != provider:
            self._as_if_checked(provider, request)
            raise _unknown()
        if key := request.headers.get(GATEWAY_KEY_HEADER):
            caller = await self._key_holder(key, endpoint, request.headers)
        else:
            secret = self.credentials.call_endpoints.secret_of(endpoint)
            if secret is None:
                raise Unauthenticated(f"The endpoint's secret cannot be read; {GATEWAY_KEY_HEADER} is needed.")
            call_signatures.verify(provider, self._delivery(request), secret, self.clock())
            caller = Caller(endpoint.tenant_id, "webhook", endpoint.endpoint_id)
        try:
            await self.credentials.tenants.require(endpoint.tenant_id)
        except NotFound as error:
            raise _unknown() from error
        callers.enter(caller, None)
        return endpoint

    async def _key_holder(self, key: str, endpoint: CallEndpointRow, headers: Mapping[str, str]) -> Caller:
        """Whose key it is, as for the RPCs that take one: the tenant's own, or the platform's that names the tenant."""
        caller = await self.credentials.keys.caller(key)
        named = headers.get(TENANT_HEADER)
        if caller.kind == "platform" and named is None:
            raise InvalidInput.of(TENANT_HEADER, "must name the tenant that a platform key acts for")
        tenant_id = named if caller.kind == "platform" else caller.tenant_id
        if tenant_id != endpoint.tenant_id or named not in (None, tenant_id):
            raise PermissionDenied("The endpoint belongs to another tenant than the credential.")
        return replace(caller, tenant_id=endpoint.tenant_id)

    def _as_if_checked(self, provider: str, request: RawRequest) -> None:
        if provider not in call_signatures.PROVIDERS:
            return
        try:
            call_signatures.verify(provider, self._delivery(request), _NO_SECRET, self.clock())
        except KithError:
            return

    def _delivery(self, request: RawRequest) -> Delivery:
        return Delivery(self.public_url + request.target, request.headers, request.body)

    async def _limited(self, tenant_id: str) -> None:
        if self.limit is None:
            return
        wait = self.limiter.take(tenant_id, self.limit)
        if wait is None:
            wait = await self.limiter.ask(tenant_id, self.limit)
        if wait > 0:
            raise RateLimited(wait)


def _payload(provider: str, request: RawRequest) -> dict[str, Any]:
    """The body by name: of a form, or of an object in JSON. Raises InvalidInput."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == FORM or (provider == "twilio" and not content_type):
        return dict(call_signatures.form(request.body))
    try:
        read = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput.of("body", "is not JSON") from error
    if not isinstance(read, dict):
        raise InvalidInput.of("body", "must be a JSON object")
    return read


def _without_times_ahead(told: Told, now: datetime) -> Told:
    """A phone system whose clock is wrong cannot be asked to mend it, so that a time ahead is left out."""
    ahead = [name for name in ("at", "started_at", "ended_at") if (at := getattr(told, name)) and at > now + AHEAD]
    changes: dict[str, Any] = dict.fromkeys(ahead)
    return replace(told, **changes) if changes else told


def _unknown() -> NotFound:
    return NotFound("There is no such webhook endpoint.")
