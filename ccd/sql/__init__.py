"""How ccd talks to its database, for every package with tables in it: the ledger, the history, the pages' accounts.

`engine` opens it and refuses what is unsafe; `migrate` brings the tables up to date; `turns` is one transaction,
retried, and `writer` what it is taken through; `plain` asks the driver itself; `refusals` says what to do where the
database says no; `rows` is what the two engines say differently of rows; `decided` knows what nobody can commit any
more; `metadata` has the types of columns; `roles` says what the daemon's own role may do on PostgreSQL;
`migrations/versions` is the one line of revisions for all tables. A package's tables, as its statements see them, stand
in a `schema` of its own.
"""
