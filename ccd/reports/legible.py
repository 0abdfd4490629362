"""Texts of other people's on a terminal: what would do something to it, rather than be read, is spelled out."""

import re

# But for the ends of lines and tabs: what moves the cursor or hides a line, and what turns the order of signs.
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def legible(text: str) -> str:
    """Such a sign as its number: `\\x1b`."""
    return ACTING.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def on_one_line(text: str) -> str:
    """The end of a line in it, too."""
    return legible(text).replace("\n", "\\n")
