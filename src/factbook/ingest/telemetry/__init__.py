"""Telemetry of other systems as events: OpenTelemetry's spans, logs and metrics, and Prometheus' samples."""
