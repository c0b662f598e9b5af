"""Imports, answered: jobs, sources, quality, trends, failures by cause, and what would make them better."""
