"""Numbered .sql files, applied once each and in order, on the embedded engine and on a server alike."""
