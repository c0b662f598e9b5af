"""Of queries about benchmarks."""
