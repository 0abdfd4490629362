"""Accounts and transfers in whole seconds. The ledger never knows what an agent is: owners are opaque names.

`books.Ledger` is the door; `model` is the vocabulary; `schema` and the migrations in `ccd.sql` are the specification.
"""
