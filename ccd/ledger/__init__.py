"""Accounts and transfers in whole seconds. The ledger never knows what an agent is: owners are opaque names.

A posting stands in a `book`, whose months close; an account was opened in a `unit`. Both are the name of the site, and
neither is a team: of the organisation's units the ledger knows nothing.

`books.Ledger` is the door; `model` is the vocabulary; `schema` and the migrations in `ccd.sql` are the specification.

Posting: `books`, `window` and `desk`; `under_lock` locks; `rules` and `holding` decide; `sheet`, `term_rows` and `caps`
write. Reading: `reading`, `statement`, `exports`. Sealing: `sealing`, `blocks`, `merkle`. That all of it is right:
`verify`, `parts` and `audit`. To whom is not here: `heads` and `proofs` are pure, `proving` reads them out.
"""
