"""The roster that was applied last, kept beside the state: one that was edited while nobody ran is held against it."""

from pathlib import Path

from ccd.daemon.judged_by.notes import Note, keep
from ccd.daemon.site import Site
from ccd.errors import RosterError
from ccd.org import roster_file
from ccd.org.roster import changes_since

FILE = "roster.applied.csv"


class AppliedRoster:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    @property
    def is_there(self) -> bool:
        """Whether any was applied from here before."""
        return self._file.exists()

    def changed_since(self, site: Site) -> int | None:
        """The first instant, µs, from which the site's roster says something else; None where it never does, or where
        none was applied before. One that can't be read any more may have said anything."""
        if not self.is_there:
            return None
        try:
            before = roster_file.read(self._file, site.units)
        except RosterError:
            return 0
        return changes_since(before, site.roster)

    def keep(self, site: Site) -> None:
        """This is the roster that is applied."""
        keep(self.note(site))

    def note(self, site: Site) -> Note:
        """As it was read: its file may have been edited since."""
        return Note(self._file, site.roster_said.text)
