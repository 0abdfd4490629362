"""What ccd keeps in Redis: names, types, expiry. A site's keys share one hash tag: a Cluster keeps them together.

    ccd:{SITE}:head        hash    epoch: the name of the last full rewrite; number: of the newest batch since;
                                   sizes: how many fields the four hashes below have, in their order;
                                   line, term: whose rewrite it was, a lower term of the same line is refused
    ccd:{SITE}:agents      hash    agent → msgpack map: the AGENT object of the live channel, reasons as they are
    ccd:{SITE}:queues      hash    queue → msgpack map: queue, waiting, oldest_since
    ccd:{SITE}:sources     hash    PBX → msgpack map: pbx, state, since
    ccd:{SITE}:watermarks  hash    PBX → µs since the epoch, in decimal: what the agents' state stands for
    ccd:{SITE}:stream      stream  an entry a batch, field `b`: msgpack map: epoch, number, what the hashes got (agents,
                                   queues, sources, watermarks; and gone: agents whose fields went), and transitions:
                                   what the seats did, a msgpack array of [PBX, seat, member name, µs since the epoch,
                                   state from then on, reason], packed by itself; or a map of accounts and places
                                   alone: the agents whose accounts have changed, and those for whom it is how many
                                   may be off. Whole fields are raw bytes in it (msgpack's
                                   type for text, its reader told so: `raw=True`), to be unpacked as in the hashes
    ccd:{SITE}:agents:EPOCH        hash, while a full rewrite is on its way; renamed to :agents when it is whole

Every write touches all of a batch or nothing, and is refused unless `head` is what the writer left there, and the four
hashes are of the sizes that it says: a store that was wiped, or lost a key to eviction, or a replica that missed
something, is rewritten and never patched. Each write puts off the expiry of all keys by KEPT_S; a daemon writes every
few seconds, so they outlive it by that. A stream keeps about its newest STREAM_ENTRIES_MAX entries: a reader that was
away for longer loads the hashes again.
"""

from dataclasses import dataclass

KEPT_S = 86_400
STAGED_KEPT_S = 600  # of a rewrite whose writer died
STREAM_ENTRIES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one site."""

    head: str
    agents: str
    queues: str
    sources: str
    watermarks: str
    stream: str

    @classmethod
    def of(cls, site: str) -> "Keys":
        tag = f"ccd:{{{site}}}"
        return cls(
            f"{tag}:head", f"{tag}:agents", f"{tag}:queues", f"{tag}:sources", f"{tag}:watermarks", f"{tag}:stream"
        )

    def staged(self, epoch: str) -> str:
        return f"{self.agents}:{epoch}"
