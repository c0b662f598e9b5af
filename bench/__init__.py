"""`python -m bench`: the benchmark from a checkout, its figures kept in bench/results."""
