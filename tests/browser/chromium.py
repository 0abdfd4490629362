"""The Chromium that the pages are looked at with: Debian's, quiet, without a screen. Its headless shell, where it is
here, takes a third of the time to open a page."""

import shutil

from playwright.sync_api import Browser, Playwright

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]


def find() -> str:
    """Where Chromium is; says how to get one where there is none."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise RuntimeError("no Chromium on this machine: apt-get install chromium-headless-shell")


def launch(playwright: Playwright, *more: str) -> Browser:
    return playwright.chromium.launch(executable_path=find(), args=[*ARGUMENTS, *more])
