-- `rollups` once more, whole, in granules of 32 rows in place of 128: states are large, and a part that holds two states
-- of a question has those of every other key of its granule unpacked with them (docs/decisions/0003). Written beside the
-- old table and put in its place in one step; cut off, it begins again. While it runs no other server may write to this
-- warehouse.
DROP TABLE IF EXISTS rollups_finer;
DROP TABLE IF EXISTS rollups_coarser;
CREATE TABLE rollups_finer
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
SETTINGS index_granularity = 32, index_granularity_bytes = 262144,
    fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000, non_replicated_deduplication_window = 1000;
-- By few rows at once, of hours and days (two states of up to 96 KB in each) by fewer: the engine, when it decides how
-- many rows it takes, does not count what states hold.
INSERT INTO rollups_finer SELECT * FROM rollups WHERE level != '1m'
SETTINGS max_execution_time = 0, max_threads = 1, max_insert_threads = 1, max_block_size = 4096,
    min_insert_block_size_rows = 4096, parts_to_throw_insert = 100000;
INSERT INTO rollups_finer SELECT * FROM rollups WHERE level = '1m'
SETTINGS max_execution_time = 0, max_threads = 1, max_insert_threads = 1, max_block_size = 16384,
    min_insert_block_size_rows = 65536, parts_to_throw_insert = 100000;
RENAME TABLE rollups TO rollups_coarser, rollups_finer TO rollups;
DROP TABLE rollups_coarser;
