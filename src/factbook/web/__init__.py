"""The pages: overview, event explorer, sign-in and the offline API documentation."""
