-- Adds one block of events to the roll-ups: first by minute, then the minutes again as hours and days, and all types together.
-- A property `¤` and a currency counts the events that named that currency: amounts in others than the tenant's are converted.
INSERT INTO rollups
SELECT
    tenant,
    level,
    type AS event_type,
    property,
    multiIf(level = '1m', minute, level = '1h', toStartOfHour(minute), toStartOfDay(minute)) AS bucket,
    sum(counted),
    sum(total),
    min(low),
    max(high),
    uniqCombined64MergeState(17)(people),
    uniqCombined64MergeState(17)(visits),
    quantilesBFloat16MergeState(0.5, 0.95, 0.99)(spread)
FROM
(
    SELECT
        tenant,
        event_type AS own_type,
        item.1 AS property,
        toDateTime(toStartOfMinute(timestamp), 'UTC') AS minute,
        count() AS counted,
        sum(item.2) AS total,
        min(item.2) AS low,
        max(item.2) AS high,
        uniqCombined64StateIf(17)(person, item.1 = '' AND person != 0) AS people,
        uniqCombined64StateIf(17)(session, item.1 = '' AND session != 0) AS visits,
        quantilesBFloat16StateIf(0.5, 0.95, 0.99)(item.2, item.1 != '') AS spread
    FROM events
    ARRAY JOIN arrayConcat(
        [('', 0.)],
        CAST(numbers, 'Array(Tuple(String, Float64))'),
        if(texts['currency'] = '', [], [(concat('¤', upper(texts['currency'])), 0.)])
    ) AS item
    WHERE block = {block:UInt64} AND NOT is_bot
        AND timestamp BETWEEN {first:DateTime64(3, 'UTC')} AND {last:DateTime64(3, 'UTC')}
        AND tenant IN {tenants:Array(String)}
    GROUP BY tenant, own_type, property, minute
)
ARRAY JOIN ['1m', '1h', '1d'] AS level
ARRAY JOIN if(property = '', [own_type, ''], [own_type]) AS type
GROUP BY tenant, level, type, property, bucket
-- The token is counted by the chunks that come out of the aggregation. So that they are the same in each run, whatever
-- memory is taken meanwhile: one thread, one level, nothing spilled, chunks of one size. Else a replay counts twice.
SETTINGS max_threads = 1, max_block_size = 65409, group_by_two_level_threshold = 0, group_by_two_level_threshold_bytes = 0,
    max_bytes_before_external_group_by = 0, max_bytes_ratio_before_external_group_by = 0,
    insert_deduplication_token = '%(token)s', deduplicate_insert_select = 'force_enable',
    min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 0, max_insert_threads = 1, log_queries = 0,
    optimize_on_insert = 0 -- each key comes once already
