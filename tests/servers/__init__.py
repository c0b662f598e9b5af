"""Real servers for tests, started from ordinary test dependencies in processes of their own."""
