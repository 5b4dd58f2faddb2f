"""OutreachService: thin; the work is in `server/usecases/outreach/`."""

import asyncio
from typing import Final

from grpc.aio import ServicerContext
from kith.outreach.v1 import outreach_pb2 as pb
from kith.outreach.v1 import outreach_service_pb2_grpc as grpc_pb

from server.callers import tenant_id
from server.convert import outreach as convert
from server.usecases.outreach import channels, config, consent, fire, manage, preview, schedule
from server.usecases.services import Services
from store import deadline
from store.tables.tenant import PLATFORM

Context = ServicerContext[object, object]

_SHARE: Final = 0.6
"""Of a caller's time: no new message is begun after it, so that the answer comes before the deadline."""


class OutreachServicer(grpc_pb.OutreachServiceServicer):
    """Schedules, watches and sends proactive messages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._runs: set[asyncio.Task[fire.Fired]] = set()

    async def ScheduleOutreach(
        self, request: pb.ScheduleOutreachRequest, context: Context
    ) -> pb.ScheduleOutreachResponse:
        """Schedules a message."""
        result = await schedule.schedule_outreach(self._services, tenant_id(), convert.new_trigger(request))
        if result.created:
            await context.send_initial_metadata((("x-http-status", "201"),))
        return convert.scheduled(result)

    async def ListOutreach(self, request: pb.ListOutreachRequest, context: Context) -> pb.ListOutreachResponse:
        """Lists a page of triggers."""
        return convert.page(await manage.list_triggers(self._services, tenant_id(), convert.query(request)))

    async def GetOutreachConfig(
        self, request: pb.GetOutreachConfigRequest, context: Context
    ) -> pb.GetOutreachConfigResponse:
        """Shows the configuration."""
        value = await config.get_config(self._services, tenant_id())
        return pb.GetOutreachConfigResponse(**convert.config_columns(value))

    async def UpdateOutreachConfig(
        self, request: pb.UpdateOutreachConfigRequest, context: Context
    ) -> pb.UpdateOutreachConfigResponse:
        """Changes the configuration."""
        value = await config.update_config(self._services, tenant_id(), convert.config_change(request))
        return pb.UpdateOutreachConfigResponse(**convert.config_columns(value))

    async def PreviewOutreach(self, request: pb.PreviewOutreachRequest, context: Context) -> pb.PreviewOutreachResponse:
        """Says what would go out."""
        found = await preview.preview_outreach(self._services, tenant_id(), convert.preview_query(request))
        return convert.preview(found)

    async def ListOutbox(self, request: pb.ListOutboxRequest, context: Context) -> pb.ListOutboxResponse:
        """Lists a page of kept messages."""
        contact_id = request.contact_id if request.HasField("contact_id") else None
        return convert.outbox(
            await channels.list_outbox(
                self._services, tenant_id(), contact_id, convert.limit(request), request.cursor or None
            )
        )

    async def ListChannels(self, request: pb.ListChannelsRequest, context: Context) -> pb.ListChannelsResponse:
        """Lists the channels that are set up."""
        rows = await channels.list_channels(self._services, tenant_id())
        return pb.ListChannelsResponse(channels=[convert.channel(row) for row in rows])

    async def SetChannel(self, request: pb.SetChannelRequest, context: Context) -> pb.SetChannelResponse:
        """Sets up a channel."""
        row = await channels.set_channel(self._services, tenant_id(), request.channel, convert.setup(request))
        return pb.SetChannelResponse(channel=convert.channel(row))

    async def CancelOutreachByKey(
        self, request: pb.CancelOutreachByKeyRequest, context: Context
    ) -> pb.CancelOutreachByKeyResponse:
        """Takes the trigger of a dedupe key back."""
        row = await manage.cancel_by_key(self._services, tenant_id(), request.contact_id, request.dedupe_key)
        return pb.CancelOutreachByKeyResponse(status="cancelled", trigger_id=row.trigger_id)

    async def GetOutreachTrigger(
        self, request: pb.GetOutreachTriggerRequest, context: Context
    ) -> pb.GetOutreachTriggerResponse:
        """Shows one trigger."""
        row = await manage.get_trigger(self._services, tenant_id(), request.trigger_id)
        return pb.GetOutreachTriggerResponse(trigger=convert.trigger(row))

    async def CancelOutreach(self, request: pb.CancelOutreachRequest, context: Context) -> pb.CancelOutreachResponse:
        """Takes a trigger back."""
        row = await manage.cancel_trigger(self._services, tenant_id(), request.trigger_id)
        return pb.CancelOutreachResponse(status="cancelled", trigger_id=row.trigger_id)

    async def ApproveOutreach(self, request: pb.ApproveOutreachRequest, context: Context) -> pb.ApproveOutreachResponse:
        """Lets a held message go out."""
        message = request.message if request.HasField("message") else None
        row = await manage.approve_trigger(self._services, tenant_id(), request.trigger_id, message)
        return pb.ApproveOutreachResponse(trigger=convert.trigger(row))

    async def RejectOutreach(self, request: pb.RejectOutreachRequest, context: Context) -> pb.RejectOutreachResponse:
        """Drops a held message."""
        row = await manage.reject_trigger(self._services, tenant_id(), request.trigger_id)
        return pb.RejectOutreachResponse(trigger=convert.trigger(row))

    async def ReplayOutreach(self, request: pb.ReplayOutreachRequest, context: Context) -> pb.ReplayOutreachResponse:
        """Tries a failed message again."""
        row = await manage.replay_trigger(self._services, tenant_id(), request.trigger_id)
        return pb.ReplayOutreachResponse(trigger=convert.trigger(row))

    async def GetConsent(self, request: pb.GetConsentRequest, context: Context) -> pb.GetConsentResponse:
        """Shows what a contact agreed to."""
        return convert.consents(await consent.get_consent(self._services, tenant_id(), request.contact_id))

    async def SetConsent(self, request: pb.SetConsentRequest, context: Context) -> pb.SetConsentResponse:
        """Records what a contact agreed to."""
        row = await consent.set_consent(
            self._services, tenant_id(), request.contact_id, request.channel, convert.status_of(request)
        )
        return pb.SetConsentResponse(consent=convert.consent(row))

    async def FireOutreach(self, request: pb.FireOutreachRequest, context: Context) -> pb.FireOutreachResponse:
        """Sends what is due: of the caller's tenant, or of every one for the platform."""
        seconds = _SHARE * deadline.remaining_ms(int(fire.SECONDS * 1000)) / 1000
        # A caller that hangs up must not leave messages half sent: what was begun goes on to its end.
        run = asyncio.create_task(self._fire(tenant_id(), seconds))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return convert.fired(await asyncio.shield(run))

    async def _fire(self, caller: str, seconds: float) -> fire.Fired:
        deadline.set_remaining(None)
        if caller == PLATFORM:
            return await fire.fire_all(self._services, seconds=seconds)
        return await fire.fire_tenant(self._services, caller, seconds=seconds)
