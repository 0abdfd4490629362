"""Reading a configuration: what is taken, and what is said of what can't be."""

from datetime import date, time
from pathlib import Path

import pytest

from ccd.errors import ConfigurationError
from ccd.floor.rules import ALWAYS
from ccd.settings import Policy, Reason, Settings, inspect, read
from ccd.settings.judged import ReasonJudged, judgements

PBX = '[[pbx]]\nname = "one"\nhost = "pbx.example.org"\nsecret = "s3cret"\n'


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        file = tmp_path / "ccd.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def check(file: Path, *expected: str) -> None:
    """Each fault is said as expected after the file's name, in the order of lines, and there are no others."""
    found = [str(fault).removeprefix(f"{file}") for fault in inspect(file).faults]
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert wanted in said, said


def test_a_small_file_is_enough_and_the_rest_has_its_default(write):
    settings = read(write('timezone = "Asia/Shanghai"\nday_starts_at = "04:00"\n' + PBX))
    assert (settings.timezone, settings.day_starts_at, settings.site) == ("Asia/Shanghai", time(4), "ccd")
    assert settings.pbx[0].port == 5038
    assert settings.reasons == Settings().reasons


def test_every_fault_is_named_at_once_with_its_line_its_key_and_what_is_allowed(write):
    check(
        write(
            'site = "Big Site"\n'
            'timezone = "Asia/Shanghay"\n'
            "colour = 1\n"
            "[[pbx]]\n"
            'name = "one"\n'
            'secret = "s"\n'
            "[[pbx]]\n"
            'name = "two"\n'
            'host = "h"\n'
            'port = 70000 # "port" is a word that also stands here\n'
            'secret = "s"\n'
            "[pbx.tls]\n"
            "verfy = false\n"
            '[queues."front desk"]\n'
            "wrap_up_s = -1\n"
            "[reasons.smoke]\n"
            'policy = "free"\n'
            "[floor]\n"
            'paused_in = "none"\n'
        ),
        ":1: site: allowed: up to 40 of a-z",
        ":2: timezone: 'Asia/Shanghay' is no time zone; allowed: a name such as Asia/Shanghai",
        ":3: colour: is no setting; allowed: site, timezone,",
        ":4: pbx[0].host: is missing",
        ":10: pbx[1].port: allowed: less than or equal to 65535; found 70000",
        ":13: pbx[1].tls.verfy: is no setting; did you mean verify?",
        ':15: queues."front desk".wrap_up_s: allowed: greater than or equal to 0; found -1',
        ":17: reasons.smoke.policy: allowed: 'counts' or 'exempt'; found 'free'",
        ":19: floor.paused_in: allowed: 'all' or 'any'; found 'none'",
    )


def test_a_fault_of_one_part_hides_no_contradiction_in_another(write):
    text = (
        'colour = 1\n[[pbx]]\nname = "gone"\n' + PBX + PBX + '[[policy]]\nunit = "team-9"\n[[policy]]\n[[policy]]\n'
        '[units.a]\nparent = "b"\n[units.b]\nparent = "a"\n[units.c]\nparent = "d"\n'
    )
    check(
        write(text),
        ":1: colour",
        ":2: pbx[0].host: is missing",
        ":2: pbx[0].secret: is missing",
        ":9: pbx[2].name: 'one' is the name of another [[pbx]]",
        ":13: policy[0].unit: 'team-9' is no unit; allowed: a, b, c",
        ":15: policy[2].from: another policy of all units holds from 1970-01-01",
        ":17: units.a.parent: the unit stands above itself",
        ":19: units.b.parent: the unit stands above itself",
        ":21: units.c.parent: 'd' is no unit",
    )


def test_what_is_missing_hides_nothing_else_that_is_wrong_with_the_same_table(write):
    check(
        write(
            '[[pbx]]\nname = "one"\nsecret = "a"\nsecret_file = "b"\n'
            '[[pbx]]\nname = "one"\nsecret = "a"\nreconnect_delay_s_min = 9\nreconnect_delay_s_max = 1\n'
            '[[pbx]]\nhost = 5\nsecret = "a"\n'
            '[[pbx]]\nsecret = "a"\nport = "x"\n'
            '[http.tls]\nkey = "k"\ncertificat = "c"\n'
        ),
        ":1: pbx[0].host: is missing",
        ":4: pbx[0].secret_file: stands beside secret",
        ":5: pbx[1].host: is missing",
        ":6: pbx[1].name: 'one' is the name of another [[pbx]]",
        ":9: pbx[1].reconnect_delay_s_max: allowed: not below reconnect_delay_s_min, 9",
        ":10: pbx[2].name: is missing",
        ":11: pbx[2].host: allowed: ",
        ":13: pbx[3].name: is missing",
        ":13: pbx[3].host: is missing",
        ":15: pbx[3].port: allowed: ",
        ":16: http.tls.certificate: is missing",
        ":18: http.tls.certificat: is no setting; did you mean certificate?",
    )


def test_what_is_faulty_is_held_against_what_stands_beside_it_as_if_it_were_given(write):
    check(
        write(
            '[[pbx]]\nname = "one"\nhost = "h"\nsecret = 5\nsecret_file = "b"\n'
            '[[pbx]]\nname = "two"\nhost = "h"\nsecret_file = 5\n'
            '[[pbx]]\nname = "three"\nhost = "h"\nsecret = "s"\nreconnect_delay_s_min = -1\n'
            "reconnect_delay_s_max = 0.1\n"
        ),
        ":4: pbx[0].secret: allowed: a text in quotes",
        ":5: pbx[0].secret_file: stands beside secret",
        ":9: pbx[1].secret_file: allowed: a path in quotes",
        ":14: pbx[2].reconnect_delay_s_min: allowed: greater than 0; found -1",
    )


def test_what_is_found_later_has_the_numbers_and_lines_of_the_file(write):
    reading = inspect(write('pbx = [1, {name = "one", host = "h", secret = "s", tls = {ca = "x"}}]\n'))
    assert reading.settings is not None
    assert [pbx.name for pbx in reading.settings.pbx] == ["one"]
    assert str(reading.fault(("pbx", 0, "tls", "ca"), "is odd")).endswith("ccd.toml:1: pbx[1].tls.ca: is odd")
    assert reading.key_of(("pbx", 0, "secret_file")) == "pbx[1].secret_file"


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("", ":1: pbx[0].secret: is missing; give it here, or the file"),
        ('secret = "a"\nsecret_file = "b"\n', ":5: pbx[0].secret_file: stands beside secret"),
        ('secret = ""\n', ":4: pbx[0].secret: allowed"),
        ('secret = "a"\nreconnect_delay_s_max = 0.1\n', ":5: pbx[0].reconnect_delay_s_max: allowed: not below"),
    ],
)
def test_a_pbx_has_one_secret_and_limits_in_order(write, more, fault):
    check(write(f'[[pbx]]\nname = "one"\nhost = "h"\n{more}'), fault)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pbx = 5", "pbx: allowed: tables, each below a [[pbx]]; found 5"),
        ("queues = 5", "queues: allowed: a table, [queues]; found 5"),
        ("[reasons]\nmeal = 5", "reasons.meal: allowed: a table, [reasons.meal]; found 5"),
        ("[reasons.meal]\nchanges = 5", "allowed: tables, each below a [[reasons.meal.changes]]; found 5"),
        ("site = 5", "site: allowed: a text in quotes; found 5"),
        ("roster = 5", "roster: allowed: a path in quotes; found 5"),
        ('day_starts_at = "25:99"', """allowed: hours and minutes in quotes, such as "04:00"; found '25:99'"""),
        ("[queues.a]\ncounts = 7", "queues.a.counts: allowed: true or false, without quotes; found 7"),
        ('[http]\norigins = "x"', """http.origins: allowed: a list in brackets, such as ["a", "b"]; found 'x'"""),
        ('[http]\nport = "x"', "http.port: allowed: a whole number, without quotes; found 'x'"),
        ("[http]\nframe_interval_s = []", "allowed: a number, without quotes; found []"),
        ('[[policy]]\nfrom = "x"', "allowed: a day without quotes, such as 2027-01-01; found 'x'"),
        ("[[policy]]\nfrom = 9999-12-31", "allowed: less than or equal to 2099-12-31; found 9999-12-31"),
        ("[[reasons.meal.changes]]\nfrom = 9999-12-31", "changes[0].from: allowed: less than or equal to 2099-12-31"),
        ("[evidence]\nkeep_days = 1000000", "evidence.keep_days: allowed: less than or equal to 36500; found 1000000"),
        ('roster = "a\\u0000b"', "roster: has a control character in it; allowed: a text of one line; found 'a\\x00b'"),
        ('[http]\nhost = "a\\nb"', "http.host: has a control character in it; allowed: a text of one line"),
        ('[[policy]]\nunit = ""', "policy[0].unit: allowed: a text that is not empty; found ''"),
        ('[units.""]', "allowed: a text that is not empty"),
        ("[[policy]]\nfrom = 1960-01-01", "allowed: greater than or equal to 1970-01-01; found 1960-01-01"),
    ],
)
def test_what_is_allowed_is_said_in_an_operators_words(write, text, said):
    check(write(text + "\n"), said)


def test_no_secret_is_repeated_in_what_is_said(write):
    file = write(
        '[redis]\nurl = "http://me:hunter2@h"\n[sql]\nurl = "hunter2"\n' + PBX.replace('"s3cret"', '["hunter2"]')
    )
    faults = inspect(file).faults
    assert len(faults) == 3
    assert "hunter2" not in "".join(map(str, faults))
    assert "s3cret" not in repr(read(write(PBX)))


def test_what_is_no_toml_is_said_with_its_place(write, tmp_path):
    check(write("site = ccd\n"), "is not TOML: Invalid value (at line 1, column 8)")
    check(write(f"site = {'9' * 5_000}\n"), "is not TOML: Exceeds the limit")
    check(write(f"site = {'[' * 5_000}\n"), "is not TOML: ")
    for depth in (1_000, 5_000):
        check(write(f"site{'.a' * depth} = 1\n"), "a key has more parts than any setting")
        check(write(f"{PBX}secret_file{'.a' * depth} = 1\n"), "a key has more parts than any setting")
    check(tmp_path / "nowhere.toml", "can't be read: No such file or directory")
    (tmp_path / "latin.toml").write_bytes('site = "Köln"'.encode("latin-1"))
    check(tmp_path / "latin.toml", "is not UTF-8")
    with pytest.raises(ConfigurationError, match="can't be read"):
        read(tmp_path / "nowhere.toml")


def test_a_shipped_reason_is_changed_key_by_key(write):
    reasons = read(
        write('[reasons.meal]\nmax_s_day = 1800\n[reasons.training]\npolicy = "counts"\n[reasons.smoke]\n')
    ).reasons
    assert reasons["meal"] == Reason(policy="exempt", max_s_day=1800, zh="用餐", en="Meal")
    assert reasons["training"] == Reason(policy="counts", zh="培训", en="Training")
    assert reasons["smoke"] == Reason()
    assert reasons["Auto-Pause"].max_s == 60


def test_a_shipped_limit_goes_when_its_reason_is_made_to_count(write):
    assert read(write('[reasons.meal]\npolicy = "counts"\n')).reasons["meal"].max_s_day is None
    check(write("[reasons.toilet]\nmax_s = 300\n"), ":2: reasons.toilet.max_s: limits exempt time")


MEAL_CHANGES = """[reasons.meal]
max_s_day = 3000
[[reasons.meal.changes]]
from = 2027-01-01
policy = "counts"
[[reasons.meal.changes]]
from = 2026-12-01
max_s = 600
"""


def test_a_reason_changes_with_the_day_and_what_is_left_out_stays_as_it_was(write):
    assert list(judgements(read(write(MEAL_CHANGES)).reasons["meal"])) == [
        (ALWAYS, ReasonJudged("exempt", None, 3_000)),
        (date(2026, 12, 1), ReasonJudged("exempt", 600, 3_000)),
        (date(2027, 1, 1), ReasonJudged("counts")),
    ]


def test_every_fault_of_a_change_is_named_with_its_line_and_key(write):
    check(
        write(
            "[[reasons.meal.changes]]\n"
            'policy = "counts"\n'
            "[[reasons.meal.changes]]\n"
            "from = 2026-12-01\n"
            "max_s_dya = 60\n"
            "[[reasons.meal.changes]]\n"
            "from = 2026-12-02\n"
            "max_s_day = 60\n"
            "[[reasons.meal.changes]]\n"
            "from = 2026-12-02\n"
            "max_s = 60\n"
            "[[reasons.meal.changes]]\n"
            "from = 2026-12-04\n"
            "[[reasons.toilet.changes]]\n"
            "from = 2026-12-03\n"
            "max_s = 60\n"
            "[[reasons.toilet.changes]]\n"
            "from = 1970-01-01\n"
            'policy = "exempt"\n'
        ),
        ":1: reasons.meal.changes[0].from: is missing",
        ":5: reasons.meal.changes[1].max_s_dya: is no setting; did you mean max_s_day?",
        ":10: reasons.meal.changes[3].from: another change of meal holds from 2026-12-02; each needs its own day",
        ":12: reasons.meal.changes[4]: changes nothing; give policy, max_s or max_s_day",
        ':16: reasons.toilet.changes[0].max_s: limits exempt time: set policy = "exempt"',
        ":18: reasons.toilet.changes[1].from: allowed: greater than 1970-01-01",
    )


def test_before_the_first_policy_every_default_holds(write):
    policy = read(write("[[policy]]\nfrom = 2026-11-01\nrate_ppm = 40000\n")).policy
    assert policy == (Policy(starts=date(2026, 11, 1), rate_ppm=40_000), Policy())


def test_paths_are_taken_from_the_folder_of_the_file(write, tmp_path, monkeypatch):
    text = (
        'roster = "r.csv"\n'
        + PBX.replace('secret = "s3cret"', 'secret_file = "pbx"')
        + '[pbx.tls]\nca = "/etc/ca.pem"\n'
    )
    settings = read(write(text))
    assert settings.roster == tmp_path / "r.csv"
    assert settings.state_directory == tmp_path / "state"
    assert settings.evidence.directory == tmp_path / "state" / "evidence"
    assert settings.pbx[0].secret_file == tmp_path / "pbx"
    assert settings.pbx[0].tls is not None
    assert settings.pbx[0].tls.ca == Path("/etc/ca.pem")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ccd")
    assert read(write(text)).evidence.directory == Path("/var/lib/ccd/evidence")
    assert read(write('state_directory = "/srv/ccd"\n' + text)).state_directory == Path("/srv/ccd")


def test_two_switches_have_two_logs(write):
    log = 'queue_log = "/var/log/asterisk/queue_log"\n'
    text = PBX + log + PBX.replace("one", "two") + log
    check(write(text), f":{len(text.splitlines())}: pbx[1].queue_log: '/var/log/asterisk/queue_log' is that of another")
