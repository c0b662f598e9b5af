-- What trading is cut by, and which position an event is of (the hash of its id, 0 for none): read without the texts of every event.
ALTER TABLE events ADD COLUMN IF NOT EXISTS symbol LowCardinality(String)
    MATERIALIZED if(mapContains(texts, 'symbol'), texts['symbol'],
        if(mapContains(numbers, 'symbol'), toString(numbers['symbol']), ''))
    CODEC(ZSTD(1));
ALTER TABLE events ADD COLUMN IF NOT EXISTS strategy_id LowCardinality(String)
    MATERIALIZED if(mapContains(texts, 'strategy_id'), texts['strategy_id'],
        if(mapContains(numbers, 'strategy_id'), toString(numbers['strategy_id']), ''))
    CODEC(ZSTD(1));
ALTER TABLE events ADD COLUMN IF NOT EXISTS position UInt64
    MATERIALIZED multiIf(
        event_type NOT IN ('position.opened', 'position.closed'), 0,
        mapContains(texts, 'position_id'), sipHash64(texts['position_id']),
        mapContains(numbers, 'position_id'), sipHash64(toString(numbers['position_id'])),
        sipHash64(event_id))
    CODEC(ZSTD(1));
