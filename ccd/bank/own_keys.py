"""Whose a key is by its first word. What is posted by hand has none of a service's: it would be taken for what that has
posted, and the service could not post it any more."""

# With which the keys of the bank's services begin, and those of the ledger's own acts.
OWN_WORDS = frozenset({
    "close", "end", "expired", "expiry", "hand", "hold", "idle", "left", "limit", "offset", "offset-back",
    "offset-none", "overtime", "packet", "place", "recall", "settle", "taken", "worked",
})  # fmt: skip


def own_word(key: str) -> str | None:
    """That of a service with which the key begins; None where it is anybody's."""
    word, slash, _ = key.partition("/")
    return word if slash and word in OWN_WORDS else None
