"""What a metric's name means, where its output buckets begin, and which stored roll-up levels answer them exactly."""
