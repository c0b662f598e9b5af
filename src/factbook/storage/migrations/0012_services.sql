-- Which service an event is about: questions about one of many services read this, not the texts of every event.
ALTER TABLE events ADD COLUMN IF NOT EXISTS service LowCardinality(String)
    MATERIALIZED if(mapContains(texts, 'service'), texts['service'],
        if(mapContains(numbers, 'service'), toString(numbers['service']), ''))
    CODEC(ZSTD(1));
