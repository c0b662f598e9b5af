-- Who did it: one number for a user (else a visitor), 0 for nobody; as in roll-ups.
ALTER TABLE events ADD COLUMN IF NOT EXISTS person UInt64
    MATERIALIZED if(user_id = '' AND anonymous_id = '', 0, sipHash64(if(user_id != '', user_id, anonymous_id)))
    CODEC(ZSTD(1));
ALTER TABLE events ADD INDEX IF NOT EXISTS by_person person TYPE bloom_filter(0.01) GRANULARITY 1;
-- Which visitors turned out to be which users, and when that was first said: an event that carries both ids says so.
CREATE TABLE identities
(
    tenant LowCardinality(String),
    anonymous_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, anonymous_id, user_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000, non_replicated_deduplication_window = 1000;
INSERT INTO identities
SELECT tenant, anonymous_id, user_id, min(timestamp)
FROM events
WHERE user_id != '' AND anonymous_id != '' AND user_id != anonymous_id
GROUP BY tenant, anonymous_id, user_id;
