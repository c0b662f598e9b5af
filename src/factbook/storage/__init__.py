"""Rows and files, not meanings: the warehouse engine, its migrations, the data folder's lock, the metadata database."""
