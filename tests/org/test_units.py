"""The tree of units: whose clock is whose, and who stands above whom."""

from datetime import UTC, date, datetime, time, timedelta, timezone

from ccd.org.units import Unit, Units

UNITS = Units(
    "UTC",
    time(0),
    {
        "centre": Unit(name="中心", timezone="Asia/Shanghai"),
        "night": Unit(parent="centre", day_starts_at=time(4)),
        "team-1": Unit(name="一班", parent="night"),
        "berlin": Unit(parent="centre", timezone="Europe/Berlin"),
    },
)


DAY = date(2026, 11, 23)


def us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def test_a_unit_has_the_time_zone_and_the_day_start_of_the_nearest_unit_above_it_that_has_one():
    assert UNITS.timezone("team-1") == "Asia/Shanghai"
    assert UNITS.instant("team-1", date(2026, 11, 23)) == us(datetime(2026, 11, 22, 20, tzinfo=UTC))
    assert UNITS.timezone("berlin") == "Europe/Berlin"
    assert UNITS.instant("berlin", date(2026, 11, 23)) == us(datetime(2026, 11, 22, 23, tzinfo=UTC))


def test_a_unit_that_nobody_configured_follows_the_site():
    assert "elsewhere" not in UNITS
    assert (UNITS.name("elsewhere"), UNITS.timezone("elsewhere")) == ("elsewhere", "UTC")
    assert UNITS.instant("elsewhere", date(2026, 11, 23)) == us(datetime(2026, 11, 23, tzinfo=UTC))
    assert UNITS.with_above("elsewhere", DAY) == ("elsewhere",)


def test_a_unit_without_a_name_is_called_by_its_key():
    assert (UNITS.name("team-1"), UNITS.name("night")) == ("一班", "night")


def test_who_leads_a_unit_leads_what_stands_below_it():
    assert UNITS.with_above("team-1", DAY) == ("team-1", "night", "centre")
    assert UNITS.with_below(["night"], DAY) == {"night", "team-1"}
    assert UNITS.with_below(["centre"], DAY) == {"centre", "night", "team-1", "berlin"}
    assert UNITS.with_below(["team-1", "berlin"], DAY) == {"team-1", "berlin"}


def test_units_of_one_clock_share_their_business_days():
    assert UNITS.days("night") is UNITS.days("team-1")
    assert UNITS.days("night") is not UNITS.days("centre")


def test_a_time_without_a_zone_is_the_units_own_and_one_with_a_zone_is_not():
    written = datetime.fromisoformat("2026-11-23T08:30:00.250")
    assert UNITS.instant("berlin", written) == us(written.replace(tzinfo=timezone(timedelta(hours=1))))
    assert UNITS.instant("berlin", written.replace(tzinfo=UTC)) == us(written.replace(tzinfo=UTC))


def test_a_circle_or_a_parent_that_is_not_there_ends_the_line():
    units = Units("UTC", time(0), {"a": Unit(parent="b"), "b": Unit(parent="a"), "c": Unit(parent="d")})
    assert [units.with_above(unit, DAY) for unit in units] == [("a", "b"), ("b", "a"), ("c", "d")]
    assert units.timezone("c") == "UTC"
    own = Units("UTC", time(0), {"a": Unit(parent="a", timezone="Asia/Shanghai")})
    assert (own.with_above("a", DAY), own.timezone("a")) == (("a",), "Asia/Shanghai")


def test_a_unit_that_moves_stands_below_each_of_them_on_its_days():
    moves = (Unit(parent="south", name="old", ends=DAY), Unit(parent="north", name="new", starts=DAY))
    units = Units(
        "UTC",
        time(0),
        {
            "south": Unit(country="CN"), "north": Unit(country="HK"), "team-1": moves,
            "desk": Unit(parent="team-1", starts=DAY, ends=DAY + timedelta(days=7)),
        },
    )  # fmt: skip
    before, last = DAY - timedelta(days=1), DAY + timedelta(days=6)
    assert [units.with_above("team-1", day) for day in (before, DAY)] == [("team-1", "south"), ("team-1", "north")]
    assert [units.country("team-1", day) for day in (before, DAY)] == ["CN", "HK"]
    assert units.with_below(["south"], before) == {"south", "team-1"}
    assert units.with_below(["north"], DAY) == {"north", "team-1", "desk"}
    assert units.with_above("desk", before) == ("desk",)
    assert units.with_above("desk", last + timedelta(days=1)) == ("desk",)
    assert units.name("team-1") == "new"
    assert units.borders(before, last) == [DAY]
    assert units.borders(DAY, date.max - timedelta(days=1)) == [DAY + timedelta(days=7)]
    assert units.clock_on("team-1", before) == (None, None)
