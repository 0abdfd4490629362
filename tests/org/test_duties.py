"""Who may do what, where, and never on the own account (docs/time-bank.md 6)."""

import re
from collections.abc import Callable

import pytest

from ccd.errors import ActNotAllowedError, NotAllowedError
from ccd.org import rights
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role

LINE = ("team-1", "south", "centre")


def holding(*duties: Duty, name: str = "li", agent: str | None = None) -> Person:
    return Person(name, Role.SUPERVISOR, agent, duties=duties)


MANAGER = holding(Duty(Office.HOTLINE_MANAGER, "south"), agent="1009")
CLERK = holding(Duty(Office.HR_CLERK, "centre"), agent="1009")
LEADER = holding(Duty(Office.TEAM_LEADER, "team-1"))
AUDITOR = holding(Duty(Office.AUDITOR, ALL_UNITS))
ADMINISTRATOR = holding(Duty(Office.ADMINISTRATOR, ALL_UNITS))
AGENT = Person("chen", Role.AGENT, "1001")
EVERYBODY = (MANAGER, CLERK, LEADER, AUDITOR, ADMINISTRATOR, AGENT)

Act = Callable[[Person, tuple[str, ...], str], object]

# What each office may do to an agent of the unit.
ACTS: dict[str, tuple[Act, Person]] = {
    "give": (lambda who, line, agent: rights.may_give(who, line, [agent]), MANAGER),
    "enter overtime": (lambda who, line, agent: rights.may_enter_overtime(who, line, [agent]), MANAGER),
    "rule": (lambda who, line, agent: rights.may_rule(who, line, [agent]), MANAGER),
    "decide an appeal": (lambda who, line, agent: rights.may_decide_appeal(who, line, agent, line[:1]), MANAGER),
    "decide": (rights.may_decide, MANAGER),
    "enter leave": (lambda who, line, agent: rights.may_enter_leave(who, line, [agent]), CLERK),
}
# What each may do in a unit, and nobody's account is touched.
IN_A_UNIT: dict[str, tuple[Callable[[Person, tuple[str, ...]], object], Person]] = {
    "hand out budgets": (lambda who, line: rights.may_hand_budget(who, line, "wang"), MANAGER),
    "declare hours": (rights.may_declare_hours, MANAGER),
    "open an emergency": (rights.may_open_emergency, MANAGER),
    "set quotas": (rights.may_set_quota, MANAGER),
    "close months": (rights.may_close_month, CLERK),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_on_an_account_is_for_one_office_in_the_unit_or_above_and_never_on_the_own(act: str) -> None:
    may, whose = ACTS[act]
    may(whose, LINE, "1001")
    for other in EVERYBODY:
        if other is not whose:
            with pytest.raises(ActNotAllowedError, match="Nothing was done"):
                may(other, LINE, "1002")
    with pytest.raises(ActNotAllowedError, match="it is for a"):
        may(whose, ("team-9", "north"), "1001")
    with pytest.raises(ActNotAllowedError, match="on the own account"):
        may(whose, LINE, "1009")


@pytest.mark.parametrize("act", ACTS)
def test_where_somebody_is_a_refusal_tells_who_has_the_office_elsewhere_alone(act: str) -> None:
    may, whose = ACTS[act]
    for other, told in ((whose, True), *((each, False) for each in EVERYBODY if each is not whose)):
        with pytest.raises(ActNotAllowedError) as refused:
            may(other, ("team-9", "north"), "1002")
        assert ("team-9" in str(refused.value)) is told, other


@pytest.mark.parametrize("act", IN_A_UNIT)
def test_an_act_in_a_unit_is_for_one_office_in_it_or_above(act: str) -> None:
    may, whose = IN_A_UNIT[act]
    may(whose, LINE)
    for other in EVERYBODY:
        if other is not whose:
            with pytest.raises(ActNotAllowedError):
                may(other, LINE)
    with pytest.raises(ActNotAllowedError):
        may(whose, ("team-9", "north"))


@pytest.mark.parametrize("act", ACTS)
def test_a_deputy_does_what_the_other_may_but_not_to_the_other(act: str) -> None:
    may, whose = ACTS[act]
    duties = [duty._replace(deputy_for=whose.name, theirs=whose.agent) for duty in whose.duties]
    deputy = holding(*duties, name="wang", agent="1010")
    may(deputy, LINE, "1001")
    with pytest.raises(ActNotAllowedError, match="stand in for"):
        may(deputy, LINE, "1009")
    with pytest.raises(ActNotAllowedError, match="own account"):
        may(deputy, LINE, "1010")
    may(holding(*duties, *whose.duties, name="wang"), LINE, "1009")  # whoever may it of themselves, may it


@pytest.mark.parametrize("act", ACTS)
def test_where_nobody_said_who_is_there_for_what_a_command_does_all_but_to_oneself(act: str) -> None:
    may, _ = ACTS[act]
    operator = Person("root", Role.SUPERVISOR, operates=True)
    may(operator, LINE, "1001")
    with pytest.raises(ActNotAllowedError, match="own account"):
        may(operator, LINE, "root")


def test_an_appeal_is_decided_by_nobody_of_the_appellants_own_unit() -> None:
    own_leader = holding(Duty(Office.HOTLINE_MANAGER, "team-1"), Duty(Office.HOTLINE_MANAGER, "centre"))
    with pytest.raises(ActNotAllowedError, match="own leader"):
        rights.may_decide_appeal(own_leader, LINE, "1001", {"team-1"})
    with pytest.raises(ActNotAllowedError, match="own leader"):  # of where the appellant is by now
        rights.may_decide_appeal(own_leader, ("team-2", "south", "centre"), "1001", {"team-2", "team-1"})
    rights.may_decide_appeal(own_leader, ("team-2", "south", "centre"), "1001", {"team-2"})


def test_who_entered_overtime_does_not_approve_it() -> None:
    with pytest.raises(ActNotAllowedError, match="second person"):
        rights.may_enter_overtime(MANAGER, LINE, ["1001"], entered_by="li")
    rights.may_enter_overtime(MANAGER, LINE, ["1001"], entered_by="wang")


def test_a_budget_is_its_holders_and_nobody_hands_one_to_oneself() -> None:
    with pytest.raises(ActNotAllowedError, match="oneself"):
        rights.may_hand_budget(MANAGER, LINE, "li")
    rights.may_give_of_budget(LEADER, "li", ["1001"])
    stands_in = Duty(Office.TEAM_LEADER, "team-1", deputy_for="li", theirs="1009")
    rights.may_give_of_budget(holding(stands_in, name="wang"), "li", ["1001"])
    for who, agent in ((holding(stands_in, name="wang"), "1009"), (holding(name="wu"), "1001"), (MANAGER, "1009")):
        with pytest.raises(ActNotAllowedError):
            rights.may_give_of_budget(who, "li", [agent])


def test_a_deputy_is_no_second_person_to_the_other_and_hands_them_no_budget() -> None:
    stands_in = Duty(Office.HOTLINE_MANAGER, "centre", deputy_for="li")
    deputy = holding(stands_in, name="wang")
    rights.may_enter_overtime(deputy, LINE, ["1001"], entered_by="zhao")
    rights.may_hand_budget(deputy, LINE, "zhao")
    with pytest.raises(ActNotAllowedError, match="decide on what they entered themselves, or whom they stand in for"):
        rights.may_enter_overtime(deputy, LINE, ["1001"], entered_by="li")
    with pytest.raises(ActNotAllowedError, match="hand a budget to oneself, or to whom one stands in for"):
        rights.may_hand_budget(deputy, LINE, "li")
    of_both = holding(stands_in, Duty(Office.HOTLINE_MANAGER, "south"), name="wang")
    rights.may_enter_overtime(of_both, LINE, ["1001"], entered_by="li")
    rights.may_hand_budget(of_both, LINE, "li")


def test_an_agent_applies_and_chooses_alone() -> None:
    rights.may_apply(AGENT, LINE, "1001")
    rights.may_choose_offset(AGENT, "1001")
    rights.may_apply(MANAGER, LINE, "1001")
    rights.may_speak_for(MANAGER, LINE, "1001")
    with pytest.raises(ActNotAllowedError):
        rights.may_apply(AGENT, LINE, "1002")
    with pytest.raises(ActNotAllowedError):
        rights.may_speak_for(LEADER, LINE, "1002")
    with pytest.raises(ActNotAllowedError):
        rights.may_choose_offset(MANAGER, "1001")


def test_a_statement_is_the_agents_and_the_auditors() -> None:
    rights.may_read_statement(AGENT, "1001")
    rights.may_read_statement(AUDITOR, "1001")
    for person in (MANAGER, CLERK, LEADER, ADMINISTRATOR, Person("1001", Role.SUPERVISOR, None, (ALL_UNITS,))):
        with pytest.raises(ActNotAllowedError):
            rights.may_read_statement(person, "1001")


def test_who_is_where_is_said_by_an_administrator_of_all_units() -> None:
    rights.may_import(ADMINISTRATOR)
    for person in (MANAGER, CLERK, LEADER, AUDITOR, AGENT, holding(Duty(Office.ADMINISTRATOR, "south"))):
        with pytest.raises(NotAllowedError):
            rights.may_import(person)


def test_what_is_done_under_anothers_duty_says_whose_and_under_the_own_where_there_is_one() -> None:
    wang = Duty(Office.HOTLINE_MANAGER, "centre", deputy_for="wang", theirs="1009")
    own = Duty(Office.HOTLINE_MANAGER, "team-1")
    for duties, under in (((wang,), wang), ((wang, own), own), ((own, wang), own)):
        assert rights.may_give(holding(*duties, name="li"), LINE, ("1001",)) == under
    zhao = wang._replace(deputy_for="zhao", theirs=None)
    assert rights.may_give(holding(wang, zhao, name="li"), LINE, ("1009",)) == zhao, "not on the account of wang"
    assert rights.may_apply(holding(wang, name="li", agent="1001"), LINE, "1001") is None


def test_the_table_of_who_may_what_names_each_of_its_functions():
    assert rights.__doc__ is not None
    named = re.findall(r"^    (may_\w+)\(", rights.__doc__, re.MULTILINE)
    assert sorted(named) == sorted(name for name in vars(rights) if name.startswith("may_"))
