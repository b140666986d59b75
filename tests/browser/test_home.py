"""Home page in a real browser."""

from typing import Any

from playwright.sync_api import expect


def test_the_home_page_shows_its_heading(site: str, open_page: Any) -> None:
    page = open_page(site)

    assert page.locator("h1").inner_text() == "Pain procedures, with their sources"


def test_the_home_page_searches_without_script(site: str, open_page: Any) -> None:
    page = open_page(site, scripts=False)

    page.get_by_role("searchbox").fill("back pain")
    page.get_by_role("button", name="Search").click()

    # The URL changes before the page is loaded: `expect` waits for the links, `count` would not.
    page.wait_for_url(f"{site}/search?q=back+pain")
    expect(page.locator("main h2 a").nth(3)).to_be_attached()
