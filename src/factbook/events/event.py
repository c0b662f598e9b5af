"""The event as senders write it: fields, types and bounds, declared once and decoded by msgspec."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=512)]
LongText = Annotated[str, msgspec.Meta(max_length=2048)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Category = Literal["content", "user", "system", "search", "import", "commerce", "trading", "custom"]
DataClass = Literal["public", "internal", "confidential", "personal"]


class Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One event. Only `event_type` is needed; `id` is another name of `event_id`.

    timestamp: RFC 3339; without an offset it is read in the tenant's zone; absent, it is the time of arrival.
    properties: any JSON object. Unknown fields at the top level become properties.
    """

    event_type: Name
    event_id: Text | None = None
    id: Text | None = None
    event_category: Category | None = None
    timestamp: datetime | None = None
    user_id: Text | None = None
    anonymous_id: Text | None = None
    session_id: Text | None = None
    content_id: Text | None = None
    resource_type: Text | None = None
    resource_id: Text | None = None
    ip_address: Text | None = None
    user_agent: LongText | None = None
    referrer: LongText | None = None
    country: Text | None = None
    region: Text | None = None
    city: Text | None = None
    properties: dict[str, Any] | None = None
    source: Text | None = None
    correlation_id: Text | None = None
    data_class: DataClass | None = None


FIELDS = frozenset(Event.__struct_fields__)
