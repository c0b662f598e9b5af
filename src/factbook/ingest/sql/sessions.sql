-- The sessions of the people of `spans` within their spans, from the events as they stand now.
WITH spans AS (%(spans)s),
inside AS
(
    SELECT
        spans.who AS who,
        toUnixTimestamp64Milli(timestamp) AS at,
        event_id, event_type, user_id, anonymous_id, content_id, referrer_source, utm_source, utm_medium, utm_campaign,
        device, browser, os, country, numbers, texts,
        event_type IN {page_views:Array(String)} AS is_page
    FROM events
    INNER JOIN spans ON spans.raw = events.person
    WHERE tenant = {tenant:String} AND NOT is_bot AND person IN (SELECT raw FROM spans)
        AND timestamp >= fromUnixTimestamp64Milli({first:Int64}, 'UTC')
        AND timestamp <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
        AND toUnixTimestamp64Milli(timestamp) BETWEEN spans.lo AND spans.hi
),
starts AS
(
    SELECT who, arrayJoin(%(starts)s) AS start
    FROM (SELECT who, arraySort(groupArray(at)) AS times FROM inside GROUP BY who)
)
SELECT
    {tenant:String} AS tenant,
    inside.who AS person,
    fromUnixTimestamp64Milli(min(at), 'UTC') AS started_at,
    fromUnixTimestamp64Milli(max(at), 'UTC') AS ended_at,
    (max(at) - min(at)) / 1000 AS duration_seconds,
    count() AS events,
    countIf(is_page) AS page_views,
    countIf(NOT is_page AND event_type NOT IN {shown:Array(String)}) AS interactions,
    page_views = 1 AND interactions = 0 AS is_bounce,
    argMin(place, (NOT is_page, at, event_id)) AS entry,
    argMax(place, (is_page, at, event_id)) AS exit,
    argMinIf(inside.referrer_source, (at, event_id), inside.referrer_source != '') AS referrer_source,
    argMinIf((inside.utm_source, inside.utm_medium, inside.utm_campaign), (at, event_id), tagged) AS campaign,
    campaign.1 AS utm_source,
    campaign.2 AS utm_medium,
    campaign.3 AS utm_campaign,
    argMinIf(inside.device, (at, event_id), inside.device != '') AS device,
    argMinIf(inside.browser, (at, event_id), inside.browser != '') AS browser,
    argMinIf(inside.os, (at, event_id), inside.os != '') AS os,
    argMinIf(inside.country, (at, event_id), inside.country != '') AS country,
    argMaxIf(inside.user_id, (at, event_id), inside.user_id != '') AS user_id,
    argMaxIf(inside.anonymous_id, (at, event_id), inside.anonymous_id != '') AS anonymous_id,
    countIf(event_type = 'purchase') AS orders,
    sumMapIf(map(upper(texts['currency']), numbers['amount']), event_type = 'purchase' AND mapContains(numbers, 'amount')) AS amounts,
    {version:UInt64} AS version,
    toUInt8(0) AS removed
FROM
(
    SELECT
        *,
        utm_source != '' OR utm_medium != '' OR utm_campaign != '' AS tagged,
        multiIf(content_id != '', content_id, texts['path'] != '', texts['path'], texts['url'] != '', texts['url'],
            texts['page'] != '', texts['page'], event_type) AS place
    FROM inside
) AS inside
ASOF INNER JOIN starts ON inside.who = starts.who AND inside.at >= starts.start
GROUP BY inside.who, starts.start
