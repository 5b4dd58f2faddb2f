"""Maintenance between the use cases and protobuf."""

from kith.maintenance.v1 import maintenance_pb2 as pb

from server.convert import times
from server.usecases.maintenance import Run


def run(value: Run) -> pb.MaintenanceRun:
    """One run."""
    row, model = value.row, value.model
    return pb.MaintenanceRun(
        tenant_id=row.tenant_id,
        status=row.status,
        started_at=times.to_proto(row.started_at),
        finished_at=times.to_proto(row.finished_at) if row.finished_at else None,
        contacts=row.contacts,
        churn_updated=row.churn_updated,
        stages_changed=row.stages_changed,
        streaks_ended=row.streaks_ended,
        memories_pruned=row.memories_pruned,
        memories_expired=row.memories_expired,
        logs_removed=row.logs_removed,
        keys_removed=row.keys_removed,
        churn_fitted=value.fitted,
        churn_parameters=pb.ChurnParameters(r=model.r, alpha=model.alpha, a=model.a, b=model.b),
    )
