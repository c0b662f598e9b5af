"""Users, answered: the record of one person, of everybody together, and the list of people."""
