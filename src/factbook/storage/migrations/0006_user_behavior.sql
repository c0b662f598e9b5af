-- One row a session of a person: built from `events` by ingest/sessions.py, built again when late events or joined ids change it.
-- A row with `removed` says that there is no such session any more; reads take FINAL.
CREATE TABLE user_behavior
(
    tenant LowCardinality(String),
    person UInt64,
    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    duration_seconds Float64 CODEC(ZSTD(1)),
    events UInt64 CODEC(ZSTD(1)),
    page_views UInt64 CODEC(ZSTD(1)),
    interactions UInt64 CODEC(ZSTD(1)),
    is_bounce Bool,
    entry String CODEC(ZSTD(1)),
    exit String CODEC(ZSTD(1)),
    referrer_source LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    device LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    country LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    orders UInt64 CODEC(ZSTD(1)),
    amounts Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1)),
    removed UInt8
)
ENGINE = ReplacingMergeTree(version, removed)
ORDER BY (tenant, person, started_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000;
-- Whose a visitor's events were when his sessions were built: a change says that they are to be built again.
CREATE TABLE session_visitors
(
    tenant LowCardinality(String),
    visitor UInt64,
    person UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, visitor)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1;
-- The blocks of `events` that are in sessions, as ranges; `rows`: of the last block, which may still have been growing.
CREATE TABLE session_blocks
(
    rule LowCardinality(String),
    first UInt64,
    last UInt64,
    rows UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (rule, first)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1;
