"""What a site tells of itself."""

from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.settings.tree import Settings

UNITS = {
    "east": {"timezone": "Asia/Tokyo"},
    "west": {"timezone": "America/New_York", "day_starts_at": "03:00"},
    "west-1": {"parent": "west", "name": "一班"},
}


def test_each_units_clock_is_told_and_the_sites_own() -> None:
    site = Site(Settings.model_validate({"timezone": "Asia/Shanghai", "day_starts_at": "04:00", "units": UNITS}))
    said = site.said(1_796_000_000 * SECOND)
    assert (said.timezone, said.day_starts_at) == ("Asia/Shanghai", "04:00:00")
    assert [(one.unit, one.timezone, one.day_starts_at) for one in said.units] == [
        ("east", "Asia/Tokyo", "04:00:00"),
        ("west", "America/New_York", "03:00:00"),
        ("west-1", "America/New_York", "03:00:00"),
    ]
