"""Who may do what: API keys, signing in, sessions, roles."""
