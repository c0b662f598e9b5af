"""Of queries about content."""
