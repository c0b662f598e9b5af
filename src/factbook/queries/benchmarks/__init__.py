"""How a business does beside others and in the eyes of its customers: benchmarks that a tenant gives, and feedback."""
