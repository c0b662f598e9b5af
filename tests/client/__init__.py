"""The Python client, against a real server in a process of its own."""
