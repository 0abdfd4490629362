"""AMI as a test writes it: blocks as bytes, with the headers that matter."""

T0 = 1_795_466_140  # s
SEAT = "PJSIP/1001"


def us(seconds: float) -> int:
    """`seconds` after T0, in µs since the epoch."""
    return T0 * 1_000_000 + round(seconds * 1_000_000)


def block(first: str, after_s: float | None = None, **headers: object) -> bytes:
    """`Event: …` or `Response: …`, stamped `after_s` after T0 unless None, and the blank line that ends it."""
    lines = [first]
    if after_s is not None:
        lines.append(f"Timestamp: {us(after_s) // 1_000_000}.{us(after_s) % 1_000_000:06d}")
    return "\r\n".join([*lines, *(f"{key}: {value}" for key, value in headers.items())]).encode() + b"\r\n\r\n"


def event(name: str, after_s: float | None, *, seat: str = SEAT, queue: str = "support", **headers: object) -> bytes:
    """A member's event in a queue."""
    return block(f"Event: {name}", after_s, Queue=queue, MemberName="Ann", Interface=seat, **headers)


def pause(after_s: float, paused: int = 1, reason: str = "") -> bytes:
    return event("QueueMemberPause", after_s, Paused=paused, PausedReason=reason)


def row(seat: str = SEAT, queue: str = "support", **headers: object) -> bytes:
    """A `QueueMember` of a QueueStatus answer."""
    told = {"Status": 1, "Paused": 0, "InCall": 0, **headers}
    return block("Event: QueueMember", None, Queue=queue, Name="Ann", Location=seat, **told)


def answer(*rows: bytes) -> bytes:
    """A whole QueueStatus answer."""
    begin = block("Response: Success", EventList="start", Message="Queue status will follow")
    return b"".join([begin, block("Event: QueueParams", Queue="support"), *rows, block("Event: QueueStatusComplete")])


def pong(after_s: float) -> bytes:
    return block("Response: Success", None, Ping="Pong", Timestamp=f"{us(after_s) / 1_000_000:.6f}")


BANNER = b"Asterisk Call Manager/11.0.0\r\n"
LOGIN = BANNER + block("Response: Success", Message="Authentication accepted") + block("Event: FullyBooted")
