-- Who was in a frozen segment when it was frozen: every value of `events.person` that its people had by then.
CREATE TABLE segment_members
(
    tenant LowCardinality(String),
    freezing UInt64,
    person UInt64
)
ENGINE = MergeTree
ORDER BY (tenant, freezing, person)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000;
