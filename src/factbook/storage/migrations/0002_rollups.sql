-- Per tenant, level, event type and numeric property: mergeable states by time bucket (UTC), bots left out.
-- event_type = '' is all types together; property = '' is the events themselves (count, users, sessions).
-- Granules are small because rows are large: a read of thirty buckets takes thirty states, not thousands.
CREATE TABLE rollups
(
    tenant LowCardinality(String),
    level LowCardinality(String),
    event_type LowCardinality(String),
    property LowCardinality(String),
    bucket DateTime('UTC') CODEC(Delta, ZSTD(1)),
    count SimpleAggregateFunction(sum, UInt64),
    sum SimpleAggregateFunction(sum, Float64),
    min SimpleAggregateFunction(min, Float64),
    max SimpleAggregateFunction(max, Float64),
    users AggregateFunction(uniqCombined64(17), UInt64),
    sessions AggregateFunction(uniqCombined64(17), UInt64),
    quantiles AggregateFunction(quantilesBFloat16(0.5, 0.95, 0.99), Float64)
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, level, event_type, property, bucket)
SETTINGS index_granularity = 128, index_granularity_bytes = 262144,
    fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000, non_replicated_deduplication_window = 1000;
