"""Behaviour patterns: which event types follow each other more often than by chance, session by session."""
