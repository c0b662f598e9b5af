"""From a request to rows and numbers: which tables are read, the SQL, and the answer."""
