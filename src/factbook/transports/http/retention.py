"""How long each kind of row is kept, and removing what is older on demand."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.events.event import DataClass
from factbook.services import Services
from factbook.storage.rows import RETENTION_LEVELS

from .access import example, refusals, scope_for

_LEVELS = {"raw_events": 30, "minute_aggregates": 365, "hour_aggregates": 730, "daily_aggregates": 3650}
_RUN = {
    "started_at": "2026-03-01T03:00:00Z",
    "finished_at": "2026-03-01T03:00:02Z",
    "rows": 120_000,
    "removed": [{"level": "raw_events", "days": 30, "before": "2026-01-30T03:00:00Z", "rows": 120_000}],
}
_ANSWER = {
    **_LEVELS,
    "defaults": {**_LEVELS, "raw_events": 90},
    "classes": {"personal": 30},
    "overridden": ["raw_events"],
    "last_run": _RUN,
}
_Days = Annotated[int | None, Field(ge=1, le=36_500, description="Days to keep; null is the default again.")]


class Retention(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"raw_events": 30}]})

    raw_events: _Days = None
    minute_aggregates: _Days = None
    hour_aggregates: _Days = None
    daily_aggregates: _Days = None
    classes: dict[DataClass, _Days] | None = Field(
        default=None, description="Days to keep events by their data_class, where that is shorter than raw_events."
    )


def router(services: Services) -> APIRouter:
    """/api/v1/privacy/retention."""
    routes = APIRouter(prefix="/api/v1/privacy/retention", tags=["Privacy"])

    @routes.get("", summary="How long rows are kept", responses=example(_ANSWER) | refusals())
    def read(scope: Annotated[Scope, Depends(scope_for(services))]) -> dict[str, Any]:
        """Days by level for this tenant, the defaults, which levels have days of their own, and the newest run."""
        return _shown(services, scope)

    @routes.put(
        "", summary="Change how long rows are kept", responses=example(_ANSWER) | refusals(Kind.INVALID, Kind.MALFORMED)
    )
    def change(body: Retention, scope: Annotated[Scope, Depends(scope_for(services, Role.ADMIN))]) -> dict[str, Any]:
        """Levels that are left out stay as they are; null is the default again. Holds from the next run."""
        levels = body.model_fields_set - {"classes"}
        services.retention.change(scope, {name: getattr(body, name) for name in levels})
        if body.classes:
            services.privacy.keep_classes(scope, {str(name): days for name, days in body.classes.items()})
        return _shown(services, scope)

    @routes.post(
        "/run", summary="Remove what is older, now", responses=example(_RUN) | refusals(Kind.CONFLICT, Kind.UNAVAILABLE)
    )
    def run(scope: Annotated[Scope, Depends(scope_for(services, Role.ADMIN))]) -> dict[str, Any]:
        """Runs retention, as it runs by itself once a day, and answers when the rows are gone. Safe to repeat."""
        return services.retention.run().for_tenant(scope.tenant)

    return routes


def _shown(services: Services, scope: Scope) -> dict[str, Any]:
    retention = services.retention
    return {
        **retention.limits(scope),
        "classes": dict(services.metadata.privacy.settings(scope).classes),
        "defaults": {level: getattr(retention.defaults, level) for level in RETENTION_LEVELS},
        "overridden": sorted(retention.own(scope)),
        "last_run": retention.last.for_tenant(scope.tenant) if retention.last else None,
    }
