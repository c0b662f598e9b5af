"""The demo data: two real data sets that ship with Factbook, loaded as events or replayed live."""
