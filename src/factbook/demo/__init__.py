"""The demo data: two real data sets, loaded as events or replayed live, and four made-up businesses beside them."""
