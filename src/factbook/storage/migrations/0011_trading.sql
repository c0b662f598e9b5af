-- Orders, strategies and prices as clients ask for them in SQL: views over events, each with the tenant. Bots are left out.
-- One row an order, of whatever was told of it; `status` is what its newest event says.
CREATE VIEW IF NOT EXISTS order_analytics AS
SELECT
    tenant,
    if(mapContains(texts, 'order_id'), texts['order_id'], toString(numbers['order_id'])) AS order_id,
    anyIf(texts['symbol'], texts['symbol'] != '') AS symbol,
    anyIf(texts['side'], texts['side'] != '') AS side,
    anyIf(texts['order_type'], texts['order_type'] != '') AS order_type,
    anyIf(texts['strategy_id'], texts['strategy_id'] != '') AS strategy_id,
    anyIf(texts['account_id'], texts['account_id'] != '') AS account_id,
    substring(argMax(event_type, (timestamp, event_id)), 7) AS status,
    minOrNullIf(timestamp, event_type = 'order.placed') AS placed_at,
    minOrNullIf(timestamp, event_type = 'order.filled') AS first_filled_at,
    maxOrNullIf(timestamp, event_type = 'order.filled') AS last_filled_at,
    minOrNullIf(timestamp, event_type = 'order.canceled') AS canceled_at,
    minOrNullIf(timestamp, event_type = 'order.rejected') AS rejected_at,
    maxOrNullIf(numbers['quantity'], event_type = 'order.placed' AND mapContains(numbers, 'quantity')) AS quantity,
    sumIf(numbers['quantity'], event_type = 'order.filled') AS filled_quantity,
    countIf(event_type = 'order.filled') AS fills,
    if(filled_quantity = 0, NULL, sumIf(numbers['quantity'] * numbers['price'], event_type = 'order.filled') / filled_quantity) AS average_price,
    sumOrNullIf(numbers['fee'], mapContains(numbers, 'fee')) AS fee,
    anyIf(upper(texts['currency']), texts['currency'] != '') AS currency,
    avgOrNullIf(numbers['slippage'], mapContains(numbers, 'slippage')) AS slippage,
    minOrNullIf(numbers['latency_ms'], mapContains(numbers, 'latency_ms')) AS latency_ms,
    anyIf(texts['reason'], texts['reason'] != '') AS reason
FROM events
WHERE event_type IN ('order.placed', 'order.filled', 'order.canceled', 'order.rejected') AND NOT is_bot
    AND (mapContains(texts, 'order_id') OR mapContains(numbers, 'order_id'))
GROUP BY tenant, order_id;
-- One row a strategy, day (UTC) and currency, of the positions closed then; amounts as they were sent.
CREATE VIEW IF NOT EXISTS strategy_performance AS
SELECT
    tenant,
    texts['strategy_id'] AS strategy_id,
    toDate(timestamp) AS day,
    upper(texts['currency']) AS currency,
    count() AS trades,
    countIf(numbers['pnl'] > 0) AS winning_trades,
    countIf(numbers['pnl'] < 0) AS losing_trades,
    winning_trades / trades AS win_rate,
    sum(numbers['pnl']) AS pnl,
    sumIf(numbers['pnl'], numbers['pnl'] > 0) AS gross_profit,
    -sumIf(numbers['pnl'], numbers['pnl'] < 0) AS gross_loss,
    if(gross_loss = 0, NULL, gross_profit / gross_loss) AS profit_factor,
    max(numbers['pnl']) AS largest_win,
    min(numbers['pnl']) AS largest_loss,
    avgOrNullIf(numbers['holding_seconds'], mapContains(numbers, 'holding_seconds')) AS average_holding_seconds
FROM events
WHERE event_type = 'position.closed' AND mapContains(numbers, 'pnl') AND NOT is_bot
GROUP BY tenant, strategy_id, day, currency;
-- One row a symbol, source (market data or trades) and minute (UTC): open, high, low, close, volume.
CREATE VIEW IF NOT EXISTS market_analytics AS
SELECT
    tenant,
    symbol,
    source,
    toStartOfMinute(timestamp) AS time,
    argMin(begun, (timestamp, event_id)) AS open,
    max(highest) AS high,
    min(lowest) AS low,
    argMax(ended, (timestamp, event_id)) AS close,
    sum(size) AS volume,
    count() AS events
FROM
(
    SELECT
        tenant,
        timestamp,
        event_id,
        texts['symbol'] AS symbol,
        if(event_type = 'order.filled', 'trades', 'market') AS source,
        multiIf(mapContains(numbers, 'open'), numbers['open'], mapContains(numbers, 'price'), numbers['price'], numbers['close']) AS begun,
        multiIf(mapContains(numbers, 'close'), numbers['close'], mapContains(numbers, 'price'), numbers['price'], numbers['open']) AS ended,
        greatest(begun, ended, if(mapContains(numbers, 'high'), numbers['high'], begun)) AS highest,
        least(begun, ended, if(mapContains(numbers, 'low'), numbers['low'], begun)) AS lowest,
        multiIf(
            event_type = 'order.filled' AND mapContains(numbers, 'quantity'), numbers['quantity'],
            mapContains(numbers, 'volume'), numbers['volume'],
            NULL
        ) AS size
    FROM events
    WHERE event_type IN ('market.data.update', 'order.filled') AND NOT is_bot AND texts['symbol'] != ''
        AND (mapContains(numbers, 'price') OR mapContains(numbers, 'close') OR mapContains(numbers, 'open'))
)
GROUP BY tenant, symbol, source, time;
