"""Segments: people chosen by rules over what they did and what is known of them, live or frozen."""
