"""What a person may see and do: the one place that says so (docs/time-bank.md 6). Pure.

One function an act. Each is given who asks (`Person`, with the duties of that moment: `Site.person` for a name,
`session.person` over HTTP), and where it concerns a unit, its `line`: the unit and all above it on the day that the
act is for (`Units.with_above(unit, day)`), because an office in a unit reaches all below it. Each raises
ActNotAllowedError, which says who may, and answers with the duty under which it is done, where it is one: an act that
is done in somebody's stead says so. Those that touch an account are given the agents whose it
is, and refuse whoever would act on the own, or on that of the person whose deputy they are.

    may_give(person, line, agents)                    a red packet; a proposal confirmed; also a budget's holder's own
    may_hand_budget(person, line, holder)             part of what a unit may give, to somebody else; and recall it
    may_give_of_budget(person, holder, agents)        the holder alone, or who stands in for them
    may_declare_hours(person, line)
    may_open_emergency(person, line)                  prolong and end it, call agents out
    may_enter_overtime(person, line, agents)          by hand; approve what another has entered: `entered_by`
    may_rule(person, line, agents)                    agents: all whom the ruling reaches
    may_appeal(person, agent)                         the agent alone; and withdraw it
    may_decide_appeal(person, line, agent, led_in)    and see it; nobody whose duty is in a unit of the appellant
    may_set_quota(person, line)
    may_apply(person, line, agent)                    for a day off: the agent, or who decides for others
    may_speak_for(person, line, agent)                join a strike team, answer a call-out: the same
    may_decide(person, line, agent)                   approve, refuse, take back
    may_choose_offset(person, agent)                  the agent alone
    may_enter_leave(person, line, agents)             leave and entitlements
    may_hand_over_rest(person, line, agent)           of who leaves: what the account has left
    may_post_by_hand(person, line, agents)            at a prompt; between the house's accounts, of all units
    may_close_month(person, line)                     and correct it afterwards
    may_order(person, line, agent)                    pause, unpause, sign out: any leader of the agent
    may_read_attendance(person)                       answers with the units of whose days; a clerk, an auditor
    may_import(person)                                organisation, people, roster, shifts, holidays
    may_administer(person, act)                       keys of other systems, webhooks; fill gaps from queue_log
    may_let_in(person, act, name)                     to the pages; the own password is one's own
    may_publish(person)                               a policy; withdraw what waits for a second person
    may_agree(person, proposed_by)                    to what somebody else has published, or imported for the past
    may_read_changes(person)                          what waits for that
    may_read_statement(person, agent, line)           and have its lines explained
    may_read(person, may)                             what is told to who may do something, and to auditors of all units
    may_see_waiting(person, may)                      what waits for who may decide it
    audits(person), only_audits(person)               whose readings are noted; who writes nothing
"""

from collections.abc import Callable, Collection, Iterable

from ccd.errors import ActNotAllowedError, NotAllowedError
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role

WithBelow = Callable[[Iterable[str]], frozenset[str]]  # ccd.org.units.Units.with_below, on the day that it is asked

A_MANAGER = frozenset((Office.HOTLINE_MANAGER,))
A_CLERK = frozenset((Office.HR_CLERK,))
AN_ADMINISTRATOR = frozenset((Office.ADMINISTRATOR,))
READ_ATTENDANCE = frozenset((Office.HR_CLERK, Office.AUDITOR))
LEADERS = frozenset((Office.TEAM_LEADER, Office.SUPERVISOR, Office.HOTLINE_MANAGER))
BY_ADMINISTRATORS = "it is for an administrator of all units"
SEES_THE_FLOOR = LEADERS | {Office.AUDITOR}

# --- what is shown ---------------------------------------------------------------------------------------------------


def floor_units(person: Person, asked: Iterable[str] | None, with_below: WithBelow) -> frozenset[str] | None:
    """The units whose floor is shown to `person`, of those asked for (None: all of the person's own).

    None as an answer is every unit, unrostered agents included. NotAllowedError names what is not the person's.
    """
    if person.role is not Role.SUPERVISOR:
        raise NotAllowedError(person.name, "the floor", "agents see their own page")
    wanted = None if asked is None else frozenset(asked)
    if ALL_UNITS in person.units:
        return wanted
    own = with_below(person.units)
    if wanted is None:
        return own
    if foreign := sorted(wanted - own):
        raise NotAllowedError(person.name, f"the floor of {', '.join(foreign)}", "ask for units of your own")
    return wanted


def led_units(person: Person, with_below: WithBelow, known: Iterable[str]) -> list[str]:
    """The units that a person may look at, by name: those they lead and all below; `known` are all there are."""
    return sorted(known) if ALL_UNITS in person.units else sorted(with_below(person.units))


def reads_all_policies(person: Person) -> bool:
    """Of all units, and what waits for a second person as well."""
    return person.operates or bool(_duty(person, AN_ADMINISTRATOR | {Office.AUDITOR}, ()))


def readers_shown(person: Person) -> None:
    """Who has read a policy: of whose floor is shown, or of all."""
    if person.role is not Role.SUPERVISOR and not reads_all_policies(person):
        raise NotAllowedError(person.name, "who has read a policy", "agents see what they have read themselves")


def may_read_changes(person: Person) -> None:
    if not reads_all_policies(person):
        raise NotAllowedError(person.name, "what waits for a second person", "administrators and auditors see it")


def own_agent(person: Person) -> str:
    """The agent whose page and account are this person's own; nobody reads another's."""
    if person.agent is None:
        raise NotAllowedError(person.name, "an agent's page", "sign in as an agent", "no-agent")
    return person.agent


def may_read_statement(person: Person, agent: str, line: str = "") -> None:
    """One's own; an auditor reads all of them. Whose a `line` is, is not told either."""
    if agent == person.agent or person.operates or _duty(person, {Office.AUDITOR}, ()):
        return
    act = f"have {line} explained" if line else f"read the statement of {agent}"
    raise ActNotAllowedError(person.name, act, "it is the agent's own, and an auditor's", "agents-own")


def may_read(person: Person, may: Callable[[], object]) -> None:
    """What is told to who does something is told to an auditor of all units as well."""
    if not _duty(person, {Office.AUDITOR}, ()):
        may()


def may_see_waiting(person: Person, may: Callable[[], object]) -> None:
    """What waits is told to who decides it, and all of it to an auditor of all units who decides nothing: whoever has
    another office besides is told what waits for their own word, and no more."""
    if not _duty(person, {Office.AUDITOR}, ()) or any(duty.office is not Office.AUDITOR for duty in person.duties):
        may()


def audits(person: Person) -> bool:
    """Who reads of others because it is their office: each reading is noted."""
    return any(duty.office is Office.AUDITOR for duty in person.duties)


def only_audits(person: Person) -> bool:
    """Who is there for nothing else, and no agent either: they write nothing at all."""
    return person.agent is None and bool(person.duties) and {each.office for each in person.duties} == {Office.AUDITOR}


def ordered_units(person: Person, with_below: WithBelow, known: Iterable[str]) -> list[str]:
    """The units whose agents a person may have paused, unpaused and signed out."""
    units = {each.unit for each in person.duties if each.office in LEADERS} if person.duties else {*person.units}
    return sorted(known) if ALL_UNITS in units else sorted(with_below(units))


# --- what is done ----------------------------------------------------------------------------------------------------


def may_give(person: Person, line: Collection[str], agents: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "give red packets", agents)


def may_hand_budget(person: Person, line: Collection[str], holder: str) -> Duty | None:
    """A budget is given away with others' eyes on it: nobody hands one to oneself."""
    under = _held(person, A_MANAGER, line, "hand out budgets", ())
    if _is_or_acts_for(person, A_MANAGER, line, holder):
        raise ActNotAllowedError(
            person.name,
            "hand a budget to oneself, or to whom one stands in for",
            "give what there is to give without one",
            "own-account",
        )
    return under


def may_give_of_budget(person: Person, holder: str, agents: Collection[str]) -> Duty | None:
    stands_in = [duty for duty in person.duties if duty.deputy_for == holder]
    if holder != person.name and not stands_in and not person.operates:
        raise ActNotAllowedError(person.name, f"give of the budget of {holder}", "it is for its holder, or a deputy")
    _nobody_on_own(person, stands_in, agents, "give of a budget")
    return next(iter(stands_in), None) if holder != person.name else None


def may_declare_hours(person: Person, line: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "declare hours", ())


def may_open_emergency(person: Person, line: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "open, prolong or end an emergency", ())


def may_enter_overtime(
    person: Person, line: Collection[str], agents: Collection[str], entered_by: str = ""
) -> Duty | None:
    """`entered_by` is who has entered what is to be approved."""
    under = _held(person, A_MANAGER, line, "enter overtime, or approve it", agents)
    if _is_or_acts_for(person, A_MANAGER, line, entered_by):
        raise ActNotAllowedError(
            person.name,
            "decide on what they entered themselves, or whom they stand in for",
            "a second person does",
            "second-person",
        )
    return under


def may_rule(person: Person, line: Collection[str], agents: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "rule on agents' time", agents)


def may_appeal(person: Person, agent: str) -> None:
    if agent != person.agent and not person.operates:
        raise ActNotAllowedError(person.name, f"appeal in the name of {agent}", "the agent does it", "agents-own")


def may_decide_appeal(person: Person, line: Collection[str], agent: str, led_in: Collection[str]) -> Duty | None:
    """Whose duty is in a unit that the appellant is in leads the appellant: the line's others decide."""
    under = _held(person, A_MANAGER, line, f"decide an appeal of {agent}", (agent,))
    if any(duty.office in LEADERS and duty.unit in led_in for duty in person.duties):
        raise ActNotAllowedError(
            person.name, f"decide an appeal of {agent}", "the appellant's own leader does not", "own-leader"
        )
    return under


def may_set_quota(person: Person, line: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "set quotas", ())


def may_apply(person: Person, line: Collection[str], agent: str) -> Duty | None:
    if agent == person.agent:
        return None
    return _held(person, A_MANAGER, line, f"apply in the name of {agent}", (agent,))


def may_speak_for(person: Person, line: Collection[str], agent: str) -> Duty | None:
    if agent == person.agent:
        return None
    return _held(person, A_MANAGER, line, f"answer, join or leave in the name of {agent}", (agent,))


def may_decide(person: Person, line: Collection[str], agent: str) -> Duty | None:
    return _held(person, A_MANAGER, line, "decide applications", (agent,))


def may_order(person: Person, line: Collection[str], agent: str) -> Duty | None:
    """Where nobody has said what somebody is there for, a supervisor's login leads the units whose floor it shows."""
    act = "pause, unpause or sign out"
    shown = ALL_UNITS in person.units or not set(person.units).isdisjoint(line)
    if not person.duties and person.role is Role.SUPERVISOR and shown:
        _nobody_on_own(person, (), (agent,), act)
        return None
    return _held(person, LEADERS, line, act, (agent,))


def may_choose_offset(person: Person, agent: str) -> None:
    if agent != person.agent and not person.operates:
        raise ActNotAllowedError(
            person.name, f"decide what of {agent}'s leave is offset", "the agent decides it", "agents-own"
        )


def may_enter_leave(person: Person, line: Collection[str], agents: Collection[str]) -> Duty | None:
    return _held(person, A_CLERK, line, "enter leave and entitlements", agents)


def may_hand_over_rest(person: Person, line: Collection[str], agent: str) -> Duty | None:
    return _held(person, A_CLERK, line, f"hand over what {agent} has left", (agent,))


def may_post_by_hand(person: Person, line: Collection[str], agents: Collection[str]) -> Duty | None:
    return _held(person, A_MANAGER, line, "post by hand", agents)


def may_close_month(person: Person, line: Collection[str]) -> Duty | None:
    return _held(person, A_CLERK, line, "close attendance months", ())


def may_read_attendance(person: Person) -> frozenset[str]:
    """The units, with those below them, of whose agents it is told what attendance is handed."""
    duties = [duty for duty in person.duties if duty.office in READ_ATTENDANCE]
    if person.operates:
        return frozenset((ALL_UNITS,))
    if not duties:
        raise ActNotAllowedError(person.name, "read attendance", "it is for an hr_clerk or an auditor")
    return frozenset(duty.unit for duty in duties)


def may_import(person: Person) -> None:
    """Who is where, and for what, concerns every unit: an administrator of all of them says it; and where nobody has
    said who that is, whoever sees the floor of all."""
    if person.operates or _duty(person, {Office.ADMINISTRATOR}, ()):
        return
    if person.duties or person.role is not Role.SUPERVISOR or ALL_UNITS not in person.units:
        raise NotAllowedError(person.name, "the roster", "it is for whoever leads all units, or administers them")


def may_administer(person: Person, act: str) -> None:
    if not person.operates and not _duty(person, AN_ADMINISTRATOR, ()):
        raise ActNotAllowedError(person.name, act, BY_ADMINISTRATORS)


def may_let_in(person: Person, act: str, name: str) -> None:
    """To the pages. Whoever has a password gives themselves another."""
    if act != "give password" or name != person.name:
        may_administer(person, f"{act} {name}")


def may_publish(person: Person) -> None:
    may_administer(person, "publish or withdraw a change")


def may_agree(person: Person, proposed_by: str) -> None:
    """Nobody agrees to what they proposed themselves, nor to what the person did whom they stand in for."""
    if not person.operates and not _duty(person, AN_ADMINISTRATOR, ()):
        raise ActNotAllowedError(person.name, "agree to a change", BY_ADMINISTRATORS)
    if _is_or_acts_for(person, AN_ADMINISTRATOR, (), proposed_by):
        raise ActNotAllowedError(
            person.name, f"agree to what {proposed_by} proposed", "a second person agrees", "second-person"
        )


# --- by what ---------------------------------------------------------------------------------------------------------


def _held(
    person: Person, offices: Collection[Office], line: Collection[str], act: str, agents: Collection[str]
) -> Duty | None:
    """That a duty of the person reaches the unit, and the act no account of their own; under which it is done: one
    of their own, where there is any, or none, where none is needed."""
    duties = _duty(person, offices, line)
    if not duties and not person.operates:
        whose = " or ".join(sorted(office.value for office in offices))
        is_one_elsewhere = any(duty.office in offices for duty in person.duties)
        where = f" in {', '.join(line)}" if line and is_one_elsewhere else ""  # else where somebody is, would be told
        raise ActNotAllowedError(person.name, act, f"it is for a {whose}{where}")
    _nobody_on_own(person, duties, agents, act)
    possible = [duty for duty in duties if duty.theirs is None or duty.theirs not in agents]
    return min(possible, key=lambda duty: duty.deputy_for, default=None)


def _is_or_acts_for(person: Person, offices: Collection[Office], line: Collection[str], name: str) -> bool:
    """Whether somebody is the one of that name, or may act in that one's stead alone."""
    duties = _duty(person, offices, line)
    return bool(name) and (person.name == name or (bool(duties) and all(duty.deputy_for == name for duty in duties)))


def _duty(person: Person, offices: Collection[Office], line: Collection[str]) -> list[Duty]:
    return [duty for duty in person.duties if duty.office in offices and (duty.unit == ALL_UNITS or duty.unit in line)]


def _nobody_on_own(person: Person, duties: Collection[Duty], agents: Collection[str], act: str) -> None:
    for agent in agents:
        if agent in (person.agent, person.name):  # whoever asks by command is known by the name of a login alone
            raise ActNotAllowedError(
                person.name, f"{act} on the own account ({agent})", "somebody else does it", "own-account"
            )
        if duties and all(duty.theirs == agent for duty in duties):
            whose = f"{act} on the account of whom they stand in for ({agent})"
            raise ActNotAllowedError(person.name, whose, "somebody else does it", "own-account")
