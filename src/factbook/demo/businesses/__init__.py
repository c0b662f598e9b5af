"""Four made-up businesses of a fortnight: content, systems, imports, trading; nothing of them ever happened."""
