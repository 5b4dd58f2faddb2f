"""The gRPC services that a server process offers, by name."""

from typing import Final

from kith.analytics.v1 import analytics_service_pb2
from kith.call.v1 import call_service_pb2
from kith.contact.v1 import contact_service_pb2
from kith.context.v1 import context_service_pb2
from kith.crm.v1 import crm_service_pb2
from kith.interaction.v1 import interaction_service_pb2
from kith.maintenance.v1 import maintenance_service_pb2
from kith.memory.v1 import memory_service_pb2
from kith.outreach.v1 import outreach_service_pb2
from kith.tenant.v1 import tenant_service_pb2
from kith.tracking.v1 import tracking_service_pb2
from kith.warmth.v1 import warmth_service_pb2

DESCRIPTORS: Final = tuple(
    service
    for module in (
        context_service_pb2,
        contact_service_pb2,
        crm_service_pb2,
        memory_service_pb2,
        interaction_service_pb2,
        call_service_pb2,
        analytics_service_pb2,
        outreach_service_pb2,
        maintenance_service_pb2,
        tenant_service_pb2,
        warmth_service_pb2,
        tracking_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
)
"""Descriptors of our own services; their options decide who may call them, see `policy.py`."""

NAMES: Final = tuple(service.full_name for service in DESCRIPTORS)
