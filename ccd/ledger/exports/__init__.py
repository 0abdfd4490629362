"""The ledger in formats that other programs read; all of it is pure but for `told`, which reads the database."""
