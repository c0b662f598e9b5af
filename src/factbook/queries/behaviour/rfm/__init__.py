"""Recency, frequency and money of buyers: scores by fifths, and the groups that they make."""
