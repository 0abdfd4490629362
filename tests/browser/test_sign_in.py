"""Signing in, and what a browser remembers of how the pages should look."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LEAD, OpenPage
from tests.browser.fake_server import FakeServer


@pytest.fixture
def door(browser: Browser, server: FakeServer) -> Page:
    """Nobody is signed in; the browser speaks English and is dark."""
    page = browser.new_context(locale="en-GB", color_scheme="dark").new_page()
    page.goto(server.url)
    return page


def knock(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("lead1")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def test_a_wrong_password_is_said_and_can_be_tried_again(door: Page) -> None:
    knock(door, "wrong")
    expect(door.get_by_role("alert")).to_have_text("Name or password is wrong")
    expect(door.get_by_label("Password")).to_be_focused()
    expect(door.get_by_label("Password")).to_have_value("")
    knock(door, LEAD.password)
    expect(door.locator("[data-live=live]")).to_be_visible()


def test_after_too_many_attempts_the_button_waits(door: Page, server: FakeServer) -> None:
    server.retry_after_s = 2
    knock(door, "wrong")
    expect(door.get_by_role("alert")).to_contain_text("wait 2 s")
    expect(door.get_by_role("button", name="Sign in")).to_be_disabled()
    server.retry_after_s = 0
    expect(door.get_by_role("button", name="Sign in")).to_be_enabled(timeout=4_000)


def test_a_server_that_is_away_is_said_so(door: Page, server: FakeServer) -> None:
    server.stop()
    knock(door, LEAD.password)
    expect(door.get_by_role("alert")).to_contain_text("The server can't be reached")


def test_a_server_whose_database_is_away_is_said_so_in_the_readers_language(door: Page, server: FakeServer) -> None:
    server.is_unavailable = True
    knock(door, LEAD.password)
    expect(door.get_by_role("alert")).to_contain_text("try again in a little while")
    door.get_by_role("button", name="中文").click()
    expect(door.get_by_role("alert")).to_have_text("服务器暂时无法处理，请稍后再试")


def test_who_could_not_be_signed_out_is_told_so(open_as: OpenPage, server: FakeServer) -> None:
    board = open_as(LEAD, language="en")
    server.stop()
    board.get_by_label("Sign out").click()
    expect(board.get_by_role("alert")).to_contain_text("you may still be signed in")


def test_the_pages_begin_with_the_browsers_language_and_theme(door: Page) -> None:
    expect(door.get_by_role("heading")).to_have_text("Sign in to the time bank")
    expect(door.locator("html")).to_have_attribute("data-theme", "dark")
    door.emulate_media(color_scheme="light")
    expect(door.locator("html")).to_have_attribute("data-theme", "light")  # with the browser's next frame


def test_a_chosen_language_and_theme_are_remembered(door: Page) -> None:
    door.get_by_role("button", name="中文").click()
    door.get_by_role("button", name="外观").click()
    expect(door.locator("html")).to_have_attribute("data-theme", "light")
    door.reload()
    expect(door.get_by_role("heading")).to_have_text("登录时间银行")
    assert door.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == [
        "zh-CN",
        "light",
    ]


def test_signing_out_ends_the_session(open_as: OpenPage, server: FakeServer) -> None:
    board = open_as(LEAD)
    board.get_by_label("退出").click()
    board.locator("form").wait_for()
    expect(board.get_by_role("heading")).to_have_text("登录时间银行")
    assert server.sessions == {}
