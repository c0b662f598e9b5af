-- What a run of ingest/sessions.py builds anew, while it does: `who` from `lo` to `hi`, and each `person` (raw) that his
-- events carry; one row a person is `base`. A partition a run: dropped when it is done, or by the day after.
CREATE TABLE session_spans
(
    version UInt64,
    base UInt8,
    raw UInt64,
    who UInt64,
    lo Int64,
    hi Int64,
    made_at DateTime DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY version
ORDER BY (raw, who)
TTL made_at + INTERVAL 1 DAY;
