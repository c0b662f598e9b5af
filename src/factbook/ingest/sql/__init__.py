"""Statements of the writer, each named after what it does."""
