"""How long somebody who gives wrong passwords is kept waiting. Pure: the time is an argument, in seconds.

A name's waits double, from its first few free attempts on, whatever address they come from. An address has an
allowance that drains at a steady rate, because a whole call centre may come from one: typing errors at a shift's start
do not lock it out, guessing through many names does. An attempt counts as it begins, so that a hundred at once are a
hundred; a right password takes the name's count back, and its own from the address.
"""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackOffLimits:
    free_attempts: int = 5  # of a name, before it waits
    wait_s_min: float = 1.0
    wait_s_max: float = 60.0
    forget_s: float = 3_600.0  # after which a name begins anew
    address_attempts_max: float = 100.0
    address_attempts_per_s: float = 0.5  # regained
    entries_max: int = 10_000  # names, and addresses; the longest untouched go


@dataclass(slots=True)
class Attempts:
    """Of a name: how many since it was last right, and until when it waits. Of an address: the level of its bucket."""

    count: float
    at: float
    until: float = 0.0


class BackOff:
    def __init__(self, limits: BackOffLimits | None = None) -> None:
        self._limits = limits or BackOffLimits()
        self._names: OrderedDict[str, Attempts] = OrderedDict()
        self._addresses: OrderedDict[str, Attempts] = OrderedDict()

    def attempt(self, name: str, address: str, now: float) -> float:
        """0: look at the password. More: how many seconds to wait; the attempt was none."""
        limits = self._limits
        if name in self._names and (wait_s := self._of(self._names, name, now).until - now) > 0:
            return wait_s
        of_address = self._of(self._addresses, address, now)
        level = max(0.0, of_address.count - (now - of_address.at) * limits.address_attempts_per_s)
        if level + 1 > limits.address_attempts_max:  # and no name is noted: who is refused can't crowd others out
            return (level + 1 - limits.address_attempts_max) / limits.address_attempts_per_s
        of_name = self._of(self._names, name, now)
        if now - of_name.at > limits.forget_s:
            of_name.count = 0
        of_address.count, of_address.at = level + 1, now
        of_name.count, of_name.at = of_name.count + 1, now
        if of_name.count > limits.free_attempts - 1:
            wait_s = limits.wait_s_min * 2 ** min(of_name.count - limits.free_attempts, 30)
            of_name.until = now + min(wait_s, limits.wait_s_max)
        return 0.0

    def was_right(self, name: str, address: str) -> None:
        self._names.pop(name, None)
        if address in self._addresses:
            self._addresses[address].count = max(0.0, self._addresses[address].count - 1)

    def _of(self, known: OrderedDict[str, Attempts], key: str, now: float) -> Attempts:
        attempts = known.setdefault(key, Attempts(0, now))
        known.move_to_end(key)
        if len(known) > self._limits.entries_max:
            known.popitem(last=False)
        return attempts
