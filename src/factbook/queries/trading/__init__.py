"""Trading, answered: performance and its risk, strategies, symbols, orders, candles and what is read off them."""
