-- Ids of events that retention removed soon after they came in: de-duplication reads them back after a restart.
CREATE TABLE removed_ids
(
    tenant LowCardinality(String),
    event_id UUID,
    processed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (tenant, processed_at)
TTL toDateTime(processed_at) + INTERVAL 8 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000;
