"""Pictures of the pages of a running server, in both languages and themes, wide and narrow.

`python -m tests.browser.screenshots URL FOLDER --user lead1 --password … [--agent 1007 --agent-password …]`
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import launch

LANGUAGES = ("zh", "en")
THEMES = ("light", "dark")
WIDE = (1440, 900)
NARROW = (360, 780)
MINE = (500, 1000)


@dataclass(frozen=True)
class Login:
    user: str
    password: str


def sign_in(page: Page, url: str, login: Login) -> None:
    page.goto(url)
    page.locator("input[autocomplete=username]").fill(login.user)
    page.locator("input[type=password]").fill(login.password)
    page.locator("form button").click()
    page.locator("[data-live=live]").wait_for()


def open_page(
    browser: Browser,
    url: str,
    login: Login,
    language: str,
    theme: str,
    size: tuple[int, int],
    prepare: Callable[[Page], None] = lambda page: None,
) -> Page:
    """A page of its own, signed in, in that language and theme; `prepare` sees it before it goes anywhere."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, device_scale_factor=1)
    context.add_init_script(
        f"localStorage.setItem('ccd.language', '{language}'); localStorage.setItem('ccd.theme', '{theme}')"
    )
    page = context.new_page()
    prepare(page)
    sign_in(page, url, login)
    return page


def take(browser: Browser, url: str, login: Login, name: str, folder: Path, size: tuple[int, int]) -> None:
    for language in LANGUAGES:
        for theme in THEMES:
            page = open_page(browser, url, login, language, theme, size)
            page.wait_for_timeout(300)
            page.mouse.move(0, 0)
            path = folder / f"{name}-{language}-{theme}.png"
            page.screenshot(path=path)
            page.context.close()
            print(path)  # noqa: T201 - says what it did


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user", required=True, help="a supervisor")
    parser.add_argument("--password", required=True)
    parser.add_argument("--agent", help="an agent's login, for the own page")
    parser.add_argument("--agent-password", help="as --password where it is left out")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        lead = Login(options.user, options.password)
        take(browser, options.url, lead, "board", options.folder, WIDE)
        take(browser, options.url, lead, "board-narrow", options.folder, NARROW)
        if options.agent is not None:
            agent = Login(options.agent, options.agent_password or options.password)
            take(browser, options.url, agent, "me", options.folder, MINE)
            take(browser, options.url, agent, "me-narrow", options.folder, NARROW)
        browser.close()


if __name__ == "__main__":
    main()
