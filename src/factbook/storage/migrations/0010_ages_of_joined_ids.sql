-- When an identity or a member of a segment was written last: what may still be on somebody's mind is not removed by retention.
ALTER TABLE identities ADD COLUMN IF NOT EXISTS written_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now();
ALTER TABLE identities MATERIALIZE COLUMN written_at;
ALTER TABLE segment_members ADD COLUMN IF NOT EXISTS written_at DateTime('UTC') DEFAULT now();
ALTER TABLE segment_members MATERIALIZE COLUMN written_at;
