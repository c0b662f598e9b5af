"""Log records of severity ERROR and above, and those that tell of an exception, as `error_occurred` events."""

from __future__ import annotations

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from .attributes import Source, attributes, source, value
from .errors import LONGEST_MESSAGE, error
from .taken import Taken, digest, moment


def taken(request: ExportLogsServiceRequest) -> Taken:
    """Other records are no events. A record has no id: the same one of the same source at the same time is the same."""
    found = Taken()
    for resource in request.resource_logs:
        of = source(attributes(resource.resource.attributes))
        for scope in resource.scope_logs:
            for record in scope.log_records:
                found.items += 1
                _add(found, record, of)
    return found


def _add(found: Taken, record: LogRecord, of: Source) -> None:
    given = attributes(record.attributes)
    thrown = "exception.type" in given or "exception.message" in given
    if record.severity_number < SeverityNumber.SEVERITY_NUMBER_ERROR and not thrown:
        return
    body = value(record.body)
    message = body if isinstance(body, str) else "" if body is None else str(body)
    at = record.time_unix_nano or record.observed_time_unix_nano
    trace = record.trace_id.hex()
    id_ = f"otel-log:{digest(of.attributes, at, message, given, trace, record.span_id.hex())}"
    severity = _severity(record.severity_number)
    log = message[:LONGEST_MESSAGE] if thrown else None
    found.add(error(id_, moment(at), of, given, message=message, severity=severity, trace=trace, log=log))


def _severity(number: int) -> str:
    """The six ranges of OpenTelemetry's severities; an exception without one is an error."""
    if number >= SeverityNumber.SEVERITY_NUMBER_FATAL:
        return "fatal"
    if number >= SeverityNumber.SEVERITY_NUMBER_ERROR or not number:
        return "error"
    if number >= SeverityNumber.SEVERITY_NUMBER_WARN:
        return "warning"
    return "info"
