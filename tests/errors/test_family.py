"""The family of errors that ccd/errors draws in its head is the one that there is."""

import re
from inspect import isclass

import ccd.errors
from ccd.errors import CcdError

NAME = re.compile(r"\b[A-Z]\w+Error\b")


def drawn() -> dict[str, str]:
    """Each error's name → that of what it stands below, as they are drawn: by a branch, or named behind its colon."""
    found: dict[str, str] = {}
    above: list[str] = ["CcdError"]  # a name a depth
    for line in (ccd.errors.__doc__ or "").splitlines():
        names = NAME.findall(line)
        if branch := re.match(r"([│ ]*)[├└]── ", line):
            depth = len(branch[1]) // 4 + 1
            above[depth:] = [names.pop(0)]
            found[above[depth]] = above[depth - 1]
        elif not line.startswith("│"):
            continue
        found.update(dict.fromkeys(names, above[-1]))
    return found


def stands_below(name: str) -> set[str]:
    return {each.__name__ for each in getattr(ccd.errors, name).__mro__[1:]}


def test_each_error_is_drawn_below_what_it_stands_below():
    family = {
        name
        for name in ccd.errors.__all__
        if isclass(each := getattr(ccd.errors, name)) and issubclass(each, CcdError) and each is not CcdError
    }
    there = drawn()
    assert there.keys() == family
    assert not {name: above for name, above in there.items() if above not in stands_below(name)}
