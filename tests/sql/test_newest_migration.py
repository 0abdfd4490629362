"""Which migration is the newest is known without reading them."""

from pathlib import Path

from alembic.script import ScriptDirectory

from ccd.sql.migrate import MIGRATIONS, wanted_heads


def test_the_newest_of_the_files_is_what_all_others_lead_to():
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert set(scripts.get_heads()) == wanted_heads()
    assert all(Path(one.path).name.startswith(f"{one.revision}_") for one in scripts.walk_revisions())
