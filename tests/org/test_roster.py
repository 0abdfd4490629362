"""Whose seat is whose: how lines match, which one wins, and which can't stand together."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine, changes_since, roster_contradictions

SEAT = "Local/1001@agents/n"


def line(
    agent: str,
    interface: str = "",
    member_name: str = "",
    *,
    number: int = 2,
    unit: str = "team-1",
    pbx: str = "",
    start: int = BEFORE_ALL,
    end: int = AFTER_ALL,
) -> RosterLine:
    return RosterLine(number, agent, interface, member_name, unit, pbx, start, end)


def owner(
    lines: Iterable[RosterLine], *, pbx: str = "one", seat: str = SEAT, name: str = "Ann", at: int = 50
) -> str | None:
    entry = Roster(lines).owner(pbx, seat, name, at)
    return entry.agent if entry else None


def test_a_line_with_an_interface_alone_matches_that_seat_under_any_name():
    lines = [line("1001", SEAT)]
    assert owner(lines) == "1001"
    assert owner(lines, name="") == "1001"
    assert owner(lines, seat="Local/1002@agents/n") is None


def test_a_line_with_a_name_and_an_interface_matches_only_both_together():
    lines = [line("1001", SEAT, "Ann")]
    assert owner(lines) == "1001"
    assert owner(lines, name="Bob") is None
    assert owner(lines, seat="PJSIP/7") is None


def test_a_line_with_a_name_alone_matches_wherever_that_name_sits():
    lines = [line("1001", member_name="Ann")]
    assert owner(lines) == owner(lines, seat="PJSIP/7") == owner(lines, pbx="two") == "1001"
    assert owner(lines, name="") is None


def test_the_most_specific_line_wins_whatever_the_order_of_lines():
    by_name, by_seat, by_both = line("name", "", "Ann"), line("seat", SEAT), line("both", SEAT, "Ann")
    assert owner([by_name, by_seat]) == owner([by_seat, by_name]) == "seat"
    assert owner([by_name, by_both, by_seat]) == owner([by_seat, by_both, by_name]) == "both"
    assert owner([by_both, by_seat], name="Bob") == "seat"


def test_a_line_for_one_pbx_wins_there_and_says_nothing_elsewhere():
    lines = [line("any", SEAT), line("here", SEAT, pbx="one")]
    assert owner(lines, pbx="one") == "here"
    assert owner(lines, pbx="two") == "any"
    assert owner([line("here", SEAT, pbx="one")], pbx="two") is None


def test_a_line_holds_from_its_start_until_before_its_end():
    lines = [line("old", SEAT, end=50), line("new", SEAT, start=50, end=60)]
    assert [owner(lines, at=at) for at in (49, 50, 59, 60)] == ["old", "new", "new", None]


def test_a_line_with_bounds_wins_over_one_that_always_holds():
    lines = [line("always", SEAT), line("from then on", SEAT, start=50), line("for a while", SEAT, start=60, end=70)]
    assert [owner(lines, at=at) for at in (49, 50, 60, 70)] == ["always", "from then on", "for a while", "from then on"]


def test_an_agent_who_moves_is_in_the_unit_of_the_line_that_holds():
    roster = Roster([line("1001", SEAT, unit="team-1", end=50), line("1001", SEAT, unit="team-2", start=50, end=60)])
    assert [roster.unit("1001", at) for at in (49, 50, 60)] == ["team-1", "team-2", None]
    assert roster.unit("nobody", 49) is None
    assert roster.borders(0, 60) == [50]
    assert roster.borders(50, 61) == [60]


def test_an_agent_without_a_name_is_called_by_the_number():
    roster = Roster(
        [RosterLine(2, "1001", SEAT, "", "team-1", name="安"), RosterLine(3, "1002", "PJSIP/2", "", "team-1")]
    )
    assert [roster.name(agent) for agent in roster.agents] == ["安", "1002"]


def check_contradiction(lines: list[RosterLine], expected: list[tuple[int, int]]) -> None:
    assert [(late.line, early.line) for late, early, _why in roster_contradictions(lines)] == expected


def test_equally_specific_lines_for_one_seat_may_not_hold_at_the_same_time():
    check_contradiction([line("a", SEAT, number=2), line("b", SEAT, number=3)], [(3, 2)])
    check_contradiction([line("a", SEAT, number=2, end=50), line("b", SEAT, number=3, start=50)], [])
    check_contradiction([line("a", SEAT, number=2, end=51), line("b", SEAT, number=3, start=50)], [(3, 2)])
    check_contradiction([line("a", SEAT, number=2), line("b", SEAT, "Ann", number=3)], [])
    check_contradiction([line("a", SEAT, number=2), line("b", SEAT, number=3, pbx="one")], [])
    check_contradiction([line("a", SEAT, number=2), line("b", SEAT, number=3, start=50)], [])


def test_an_agent_with_two_seats_may_not_be_in_two_units_at_the_same_time():
    one, other = line("a", SEAT, number=2), line("a", "PJSIP/2", number=3, unit="team-2")
    check_contradiction([one, other], [(3, 2)])
    check_contradiction([one, line("a", "PJSIP/2", number=3)], [])
    check_contradiction([one, line("a", "PJSIP/2", number=3, unit="team-2", start=9, end=12)], [])


instants = st.integers(0, 12)
bounds = st.tuples(st.just(BEFORE_ALL) | instants, st.just(AFTER_ALL) | instants).filter(lambda pair: pair[0] < pair[1])
keys = st.sampled_from([("", SEAT, ""), ("one", SEAT, ""), ("", SEAT, "Ann"), ("", "", "Ann"), ("one", "", "Ann")])
lines_of_a_roster = st.lists(st.tuples(keys, bounds), max_size=8)


@given(lines_of_a_roster, instants)
def test_the_owner_is_that_of_a_reader_who_goes_through_every_line(drawn, at):
    entries = [
        line(str(number), interface, name, number=number, pbx=pbx, start=start, end=end)
        for number, ((pbx, interface, name), (start, end)) in enumerate(drawn)
    ]

    def rank(entry: RosterLine) -> tuple[bool, bool, bool, int]:
        both = bool(entry.interface and entry.member_name)
        return both, bool(entry.interface), bool(entry.pbx), (entry.start >= 0) + (entry.end < AFTER_ALL)

    matching = [entry for entry in entries if entry.start <= at < entry.end]
    best = [entry for entry in matching if rank(entry) == max(map(rank, matching))]
    found = Roster(entries).owner("one", SEAT, "Ann", at)
    assert found in best if best else found is None
    if len(best) > 1:
        assert list(roster_contradictions(entries))


def test_two_rosters_differ_from_the_earliest_line_that_only_one_of_them_has():
    def entry(line: int, agent: str, start: int = BEFORE_ALL, name: str = "") -> RosterLine:
        return RosterLine(line, agent, f"PJSIP/{agent}", "", "team-1", start=start, name=name)

    before = Roster([entry(2, "1001"), entry(3, "1002", start=500)])
    assert changes_since(before, Roster([entry(7, "1002", start=500, name="Ben"), entry(2, "1001")])) is None
    assert changes_since(before, Roster([entry(2, "1001"), entry(3, "1002", start=300)])) == 300
    assert changes_since(before, Roster([entry(2, "1002", start=500)])) == 0, "a line that always held is gone"
    assert changes_since(before, Roster([*before.entries, entry(4, "1003", start=900)])) == 900


def test_that_a_line_ends_later_than_was_said_changes_nothing_before_that() -> None:
    open_, moved = line("1001", SEAT), line("1001", SEAT, unit="team-2", start=900)
    assert changes_since(Roster([open_]), Roster([replace(open_, end=900), moved])) == 900
    assert changes_since(Roster([replace(open_, end=700)]), Roster([replace(open_, end=900)])) == 700
    other = line("1002", "", "Ann", end=500)
    assert changes_since(Roster([open_, other]), Roster([open_, replace(other, end=800)])) == 500


LINES = st.lists(
    st.builds(
        RosterLine,
        line=st.integers(2, 9),
        agent=st.sampled_from(("1001", "1002")),
        interface=st.sampled_from(("", SEAT)),
        member_name=st.sampled_from(("", "Ann")),
        unit=st.sampled_from(("team-1", "team-2")),
        start=st.sampled_from((BEFORE_ALL, 10, 20, 30)),
        end=st.sampled_from((20, 30, 40, AFTER_ALL)),
    ).filter(lambda entry: entry.start < entry.end and bool(entry.interface or entry.member_name)),
    max_size=3,
).filter(lambda lines: not list(roster_contradictions(lines)))


@given(LINES, LINES)
def test_before_the_instant_from_which_two_rosters_differ_each_seat_and_agent_is_the_same(
    before: list[RosterLine], after: list[RosterLine]
) -> None:
    old, new = Roster(before), Roster(after)
    since = changes_since(old, new)
    for at in range(50 if since is None else since):
        for name in ("Ann", "Ben"):
            said = [
                (found.agent, found.unit) if (found := one.owner("pbx", SEAT, name, at)) else None for one in (old, new)
            ]
            assert said[0] == said[1]
        assert [old.unit(agent, at) for agent in ("1001", "1002")] == [
            new.unit(agent, at) for agent in ("1001", "1002")
        ]
