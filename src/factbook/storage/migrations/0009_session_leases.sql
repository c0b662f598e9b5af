-- Which process at this warehouse builds sessions: whoever claimed the newest epoch, for as long as it says so (ingest/session_lease.py).
CREATE TABLE session_leases
(
    epoch UInt64,
    holder String,
    step Enum8('claimed' = 0, 'kept' = 1, 'left' = 2),
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY epoch
TTL toDateTime(at) + INTERVAL 1 DAY DELETE WHERE step = 'kept'
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 1000;
