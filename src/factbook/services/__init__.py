"""A frozen record of the wired parts; no logic."""
