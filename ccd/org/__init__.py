"""The organisation: the tree of units, and whose seat is whose."""
