"""Of queries about imports."""
