"""A place of which something is imported and exported, as a person types it."""

import subprocess
from pathlib import Path

from tests.commands.running import ccd, said

SWITCH = '[[pbx]]\nname = "a"\nhost = "127.0.0.1"\nport = 1\nsecret = "s"\n'


class Office:
    """A folder with a configuration, and what is typed there."""

    def __init__(self, folder: Path, always: str = "") -> None:
        self.folder, self._always = folder, always
        self.config = folder / "ccd.toml"
        self.configure()

    def configure(self, said: str = "") -> None:
        self.config.write_text(f"{self._always}{said}{SWITCH}")

    def imports(self, kind: str, text: str | bytes, *words: str) -> subprocess.CompletedProcess[str]:
        file = self.folder / "new.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return ccd("import", kind, file, *words, "--config", self.config)

    def says(self, *words: str) -> str:
        return said(ccd(*words, "--config", self.config))

    def exported(self, kind: str) -> bytes:
        return self.says("export", kind).encode()
