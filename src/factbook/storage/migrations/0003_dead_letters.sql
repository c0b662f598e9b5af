-- Events that could not be kept: what was sent, why it was dropped, and whether it was sent in again since.
CREATE TABLE dead_letters
(
    tenant LowCardinality(String),
    letter_id UUID,
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String),
    field String,
    message String CODEC(ZSTD(1)),
    event_id String,
    source LowCardinality(String),
    body String CODEC(ZSTD(1)),
    block UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (tenant, received_at)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000, non_replicated_deduplication_window = 1000;
