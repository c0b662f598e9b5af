"""Of queries about users."""
