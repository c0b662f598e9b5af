"""Measures a real Factbook beside the bare engine in the same run; used by `factbook bench` and `python -m bench`."""
