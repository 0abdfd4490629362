"""The files in config that operators start from are ones that are understood."""

from pathlib import Path

from ccd.errors import ImportFaultsError
from ccd.org import holidays, leave_file, schedule_file
from ccd.org.csv_faults import file_text
from ccd.settings.tree import Leave
from tests.org.planned import DAYS

CONFIG = Path(__file__).parents[2] / "config"


def test_the_sample_of_a_schedule_names_every_column():
    file = CONFIG / "schedule.csv"
    text = file_text(file, ImportFaultsError)
    assert len(schedule_file.parse(text, file, DAYS)) == 2
    header = schedule_file.HEADER
    assert text.splitlines()[0] == ",".join((*header.needed, *header.optional))


def test_the_sample_of_leave_names_every_column():
    file = CONFIG / "leave.csv"
    text = file_text(file, ImportFaultsError)
    assert len(leave_file.parse(text, file, DAYS, Leave().kinds)) == 2
    header = leave_file.HEADER
    assert text.splitlines()[0] == ",".join((*header.needed, *header.optional))


def test_the_sample_of_holidays_is_one():
    file = CONFIG / "holidays.csv"
    assert holidays.parse_holidays(file_text(file, ImportFaultsError), file)
