"""Systems of others: services by hour, health, errors by fingerprint, endpoints, databases, objectives and budgets."""
