"""The fields of import records, each the metric that is its value."""

from __future__ import annotations

from factbook.queries.records import Fields

IMPORTS: Fields = {
    "jobs": "import_jobs",
    "completed": "imports_completed",
    "failed": "imports_failed",
    "success_rate": "import_success_rate",
    "rows": "rows_imported",
    "rows_rejected": "rows_rejected",
    "rejection_rate": "row_rejection_rate",
    "rows_duplicate": "rows_duplicate",
    "bytes": "imported_bytes",
    "seconds": "import_time",
    "average_duration": "import_duration",
    "duration_p95": "import_duration_p95",
    "rows_per_second": "rows_per_second",
}
"""Of all imports of a period, of one source, of one bucket."""

QUALITY: Fields = {
    "completeness": "row_completeness",
    "validity": "row_validity",
    "duplicate_rate": "duplicate_row_rate",
    "rows": "rows_imported",
    "rows_rejected": "rows_rejected",
    "rows_duplicate": "rows_duplicate",
    "rows_expected": "rows_expected",
}
