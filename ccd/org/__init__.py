"""The organisation: the tree of units, whose seat is whose, and the people who look at it with what they may see."""
