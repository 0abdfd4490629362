"""How ccd talks to its database, for the ledger and for whoever else keeps tables in it (`ccd.history`).

`engine` opens it and refuses what is unsafe; `migrate` brings the tables up to date; `turns` is one transaction,
retried; `rows` writes many rows in one statement; `migrations/versions` is the one line of revisions for all tables.
"""
