"""Tests of factbook.access."""
