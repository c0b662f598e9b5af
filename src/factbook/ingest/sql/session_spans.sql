-- The span of time in which each touched person's sessions may change: what was touched, and the sessions it meets
-- with those that follow them without a pause.
INSERT INTO session_spans (version, base, raw, who, lo, hi)
SELECT
    {run:UInt64}, 1, if(who IN (SELECT visitor FROM %(named)s), 0, who), who,
    min(if(meets, least(since, started), since)), max(if(meets, greatest(until, chain_end), until))
FROM
(
    SELECT
        touched.who AS who, touched.since AS since, touched.until AS until,
        built.started AS started, built.chain_end AS chain_end,
        built.person != 0 AND built.started <= touched.until + {timeout:Int64} AND built.ended >= touched.since - {timeout:Int64} AS meets
    FROM (SELECT who, min(lo) AS since, max(hi) AS until FROM (%(touched)s) GROUP BY who) AS touched
    LEFT JOIN
    (
        SELECT person, started, ended, max(ended) OVER (PARTITION BY person, chain) AS chain_end
        FROM
        (
            SELECT
                person, started, ended,
                sum(started - before > {timeout:Int64}) OVER (PARTITION BY person ORDER BY started ROWS UNBOUNDED PRECEDING) AS chain
            FROM
            (
                SELECT
                    person,
                    toUnixTimestamp64Milli(started_at) AS started,
                    toUnixTimestamp64Milli(ended_at) AS ended,
                    lagInFrame(ended, 1, ended) OVER (PARTITION BY person ORDER BY started ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
                FROM user_behavior FINAL
                WHERE tenant = {tenant:String} AND person IN (SELECT who FROM (%(touched)s))
            )
        )
    ) AS built ON built.person = touched.who
)
GROUP BY who
