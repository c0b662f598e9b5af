-- One row a service and hour (UTC), with the figures of SystemAnalytics, for clients that ask in SQL. Bots are left out.
CREATE VIEW IF NOT EXISTS system_metrics AS
SELECT
    tenant,
    service AS service_name,
    toStartOfHour(timestamp) AS time,
    countIf(event_type = 'api_request') AS request_count,
    countIf(event_type = 'api_request' AND numbers['status_code'] >= 500) AS error_count,
    request_count - error_count AS success_count,
    avgOrNullIf(numbers['duration_ms'], event_type = 'api_request' AND mapContains(numbers, 'duration_ms')) AS average_response_time,
    quantileBFloat16OrNullIf(0.5)(numbers['duration_ms'], event_type = 'api_request' AND mapContains(numbers, 'duration_ms')) AS p50,
    quantileBFloat16OrNullIf(0.95)(numbers['duration_ms'], event_type = 'api_request' AND mapContains(numbers, 'duration_ms')) AS p95,
    quantileBFloat16OrNullIf(0.99)(numbers['duration_ms'], event_type = 'api_request' AND mapContains(numbers, 'duration_ms')) AS p99,
    avgOrNullIf(numbers['cpu_percent'], event_type = 'resource_usage' AND mapContains(numbers, 'cpu_percent')) AS cpu_usage_avg,
    avgOrNullIf(numbers['memory_percent'], event_type = 'resource_usage' AND mapContains(numbers, 'memory_percent')) AS memory_usage_avg,
    avgOrNullIf(numbers['disk_percent'], event_type = 'resource_usage' AND mapContains(numbers, 'disk_percent')) AS disk_usage_avg,
    countIf(event_type = 'db_query') AS db_query_count,
    avgOrNullIf(numbers['duration_ms'], event_type = 'db_query' AND mapContains(numbers, 'duration_ms')) AS db_avg_query_time,
    countIf(event_type = 'db_query' AND numbers['duration_ms'] >= 1000) AS db_slow_queries,
    countIf(event_type = 'cache_access') AS cache_accesses,
    countIf(event_type = 'cache_access' AND texts['hit'] = 'true') AS cache_hits,
    countIf(event_type = 'cache_access' AND texts['hit'] = 'false') AS cache_misses,
    if(cache_accesses = 0, NULL, cache_hits / cache_accesses) AS cache_hit_rate,
    countIf(event_type = 'external_call') AS external_api_calls,
    countIf(event_type = 'external_call' AND (texts['success'] = 'false' OR numbers['status_code'] >= 500)) AS external_api_errors,
    avgOrNullIf(numbers['duration_ms'], event_type = 'external_call' AND mapContains(numbers, 'duration_ms')) AS external_avg_response_time
FROM events
WHERE event_type IN ('api_request', 'resource_usage', 'db_query', 'cache_access', 'external_call') AND service != '' AND NOT is_bot
GROUP BY tenant, service, time;
