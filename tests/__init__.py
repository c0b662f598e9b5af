"""The tests mirror src: each folder proves the promises of the package of the same name."""
