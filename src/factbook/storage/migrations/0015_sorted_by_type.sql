-- `events` once more, whole, sorted by day, type and what an event is about: nearly every question is about a few types
-- over some days, or about one piece of content, service or symbol, and reads those rows alone (docs/decisions/0003).
-- Written beside the old table and put in its place in one step; cut off, it begins again. While it runs no other server
-- may write to this warehouse.
DROP TABLE IF EXISTS events_by_type;
DROP TABLE IF EXISTS events_by_time;
CREATE TABLE events_by_type
(
    tenant LowCardinality(String),
    event_id UUID,
    event_type LowCardinality(String),
    event_category LowCardinality(String),
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    processed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    session UInt64 CODEC(ZSTD(1)),
    content_id LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    ip_address String CODEC(ZSTD(1)),
    user_agent String CODEC(ZSTD(1)),
    device LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    is_bot Bool,
    referrer String CODEC(ZSTD(1)),
    referrer_source LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    utm_term LowCardinality(String),
    utm_content LowCardinality(String),
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    source LowCardinality(String),
    batch_id UUID,
    correlation_id String CODEC(ZSTD(1)),
    data_class LowCardinality(String),
    numbers Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    texts Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    properties String CODEC(ZSTD(1)),
    block UInt64 CODEC(Delta, ZSTD(1)),
    -- Who did it: one number for a user (else a visitor), 0 for nobody; as in roll-ups.
    person UInt64
        MATERIALIZED if(user_id = '' AND anonymous_id = '', 0, sipHash64(if(user_id != '', user_id, anonymous_id)))
        CODEC(ZSTD(1)),
    -- What questions about one of many are cut by, read without the texts of every event.
    service LowCardinality(String)
        MATERIALIZED if(mapContains(texts, 'service'), texts['service'],
            if(mapContains(numbers, 'service'), toString(numbers['service']), ''))
        CODEC(ZSTD(1)),
    symbol LowCardinality(String)
        MATERIALIZED if(mapContains(texts, 'symbol'), texts['symbol'],
            if(mapContains(numbers, 'symbol'), toString(numbers['symbol']), ''))
        CODEC(ZSTD(1)),
    strategy_id LowCardinality(String)
        MATERIALIZED if(mapContains(texts, 'strategy_id'), texts['strategy_id'],
            if(mapContains(numbers, 'strategy_id'), toString(numbers['strategy_id']), ''))
        CODEC(ZSTD(1)),
    -- Which position an event is of: the hash of its id, 0 for none.
    position UInt64
        MATERIALIZED multiIf(
            event_type NOT IN ('position.opened', 'position.closed'), 0,
            mapContains(texts, 'position_id'), sipHash64(texts['position_id']),
            mapContains(numbers, 'position_id'), sipHash64(toString(numbers['position_id'])),
            sipHash64(event_id))
        CODEC(ZSTD(1)),
    INDEX by_id event_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_person person TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_block block TYPE minmax GRANULARITY 1,
    INDEX by_processed processed_at TYPE minmax GRANULARITY 1,
    INDEX by_time timestamp TYPE minmax GRANULARITY 1,
    CONSTRAINT named CHECK event_type != '' AND tenant != ''
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (tenant, toDate(timestamp), event_type, content_id, service, symbol, timestamp)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_bytes_for_full_part_storage = 10000000, non_replicated_deduplication_window = 1000;
INSERT INTO events_by_type SELECT * FROM events
SETTINGS max_partitions_per_insert_block = 0, max_execution_time = 0, max_threads = 2, max_insert_threads = 1;
RENAME TABLE events TO events_by_time, events_by_type TO events;
DROP TABLE events_by_time;
