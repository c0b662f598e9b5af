"""Contract tests of the warehouse, run on the embedded engine and on a real server alike."""
