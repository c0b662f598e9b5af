"""The ways in and out: each decodes, calls one verb, encodes."""
