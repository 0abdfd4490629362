"""Durations as people read them."""


def in_words(seconds: int, signed: bool = False) -> str:
    """`4 h 12 min`, `7 min 33 s`, `0 s`; with a sign before an amount that is not 0."""
    sign = ("+" if seconds > 0 else "−" if seconds < 0 else "") if signed else "−" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{value} {unit}" for value, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if value]
    return sign + (" ".join(parts) or "0 s")


def on_a_clock(seconds: int, signed: bool = True) -> str:
    """`4:12:00`, `+0:07:33`: for columns, where words would stand in several lines."""
    sign = "−" if seconds < 0 else "+" if signed and seconds else ""
    minutes, left = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{left:02}"
