"""Protobuf messages that no package of ours declares: Prometheus' remote write, and Google's status of an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

WRITE_REQUEST, STATUS = "prometheus.WriteRequest", "google.rpc.Status"

_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES: dict[str, dict[str, tuple[tuple[str, int, Any, str], ...]]] = {
    "prometheus": {
        "Label": (("name", 1, _FIELD.TYPE_STRING, ""), ("value", 2, _FIELD.TYPE_STRING, "")),
        "Sample": (("value", 1, _FIELD.TYPE_DOUBLE, ""), ("timestamp", 2, _FIELD.TYPE_INT64, "")),
        "TimeSeries": (("labels", 1, _FIELD.TYPE_MESSAGE, "Label"), ("samples", 2, _FIELD.TYPE_MESSAGE, "Sample")),
        "MetricMetadata": (("type", 1, _FIELD.TYPE_INT32, ""), ("metric_family_name", 2, _FIELD.TYPE_STRING, "")),
        "WriteRequest": (
            ("timeseries", 1, _FIELD.TYPE_MESSAGE, "TimeSeries"),
            ("metadata", 3, _FIELD.TYPE_MESSAGE, "MetricMetadata"),
        ),
    },
    "google.rpc": {"Status": (("code", 1, _FIELD.TYPE_INT32, ""), ("message", 2, _FIELD.TYPE_STRING, ""))},
}
"""Name, number, type and message of each field that is read or written; fields of a message type are repeated."""


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for package, messages in _MESSAGES.items():
        file = descriptor_pb2.FileDescriptorProto(name=f"factbook/{package}.proto", package=package, syntax="proto3")
        for name, members in messages.items():
            declared = file.message_type.add(name=name)
            for field, number, kind, of in members:
                label = _FIELD.LABEL_REPEATED if of else _FIELD.LABEL_OPTIONAL
                declared.field.add(
                    name=field, number=number, type=kind, label=label, type_name=f".{package}.{of}" if of else None
                )
        pool.Add(file)
    return pool


@cache
def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))


def message(name: str, **values: Any) -> Any:
    """A message of this name, with these fields."""
    return _class(name)(**values)
