"""Durations as people read them."""


def in_words(seconds: int, signed: bool = False) -> str:
    """`4 h 12 min`, `7 min 33 s`, `0 s`; with a sign before an amount that is not 0."""
    sign = ("+" if seconds > 0 else "−" if seconds < 0 else "") if signed else "−" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{value} {unit}" for value, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if value]
    return sign + (" ".join(parts) or "0 s")
