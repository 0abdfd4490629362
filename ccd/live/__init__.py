"""The floor as it is now: in Redis, and from there to boards and agents' pages.

`writer` puts what changed into Redis; `feed` follows it there, in whatever process serves pages; `hub` makes frames of
it, and `channel` is the websocket they leave through. What exists only in Redis does not exist: it can be wiped at any
moment, and is written anew.
"""
