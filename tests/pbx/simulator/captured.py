"""What a real Asterisk 22.10.1 said, as the tests compare with it.

`22.pjsip.ami` is one connection to an Asterisk with two SIP telephones, PJSIP/1001 "王芳" and PJSIP/1002 "李娜": queues
`support` (wrap-up 3 s, 5 s of ringing) and `sales` (the same ringing, `autopause = yes`), callers that are Local
channels. `22.autopause.ami` is the same PBX with `autopause = all`. `22.ami` has Local members instead of telephones.
"""

from pathlib import Path

from ccd.pbx.blocks import Blocks, event_name, headers_of, stamp

CAPTURES = Path(__file__).parents[1] / "captures"

# What depends on who calls from where, and not on the queues
OF_CHANNELS = ("Channel", "CallerID", "ConnectedLine", "Context", "Exten", "Uniqueid", "Linkedid")

Headers = dict[str, str]


def blocks(name: str) -> list[bytes]:
    return Blocks().feed((CAPTURES / name).read_bytes())


def events(stream: list[bytes], names: tuple[str, ...] = ("Agent", "Queue")) -> list[bytes]:
    """The stamped events whose name begins with one of `names`."""
    return [b for b in stream if event_name(b).decode().startswith(names) and stamp(b) is not None]


def between(stream: list[bytes], start_s: float, end_s: float) -> list[bytes]:
    return [b for b in stream if start_s * 1e6 <= (stamp(b) or 0) < end_s * 1e6]


def header_names(block: bytes) -> list[str]:
    return [line.partition(":")[0] for line in block.decode().split("\r\n")]


def facts(block: bytes) -> Headers:
    """The block's headers but for its time and what names channels."""
    headers = headers_of(block)
    return {
        name: value
        for name, value in headers.items()
        if name != "Timestamp" and not name.removeprefix("Dest").startswith(OF_CHANNELS)
    }
