"""The first page, in a real browser."""

from typing import Any


def test_the_home_page_shows_its_heading(site: str, open_page: Any) -> None:
    page = open_page(site)

    assert page.locator("h1").inner_text() == "Pain procedures, with their sources"


def test_the_home_page_searches_without_script(site: str, open_page: Any) -> None:
    page = open_page(site, scripts=False)

    page.get_by_role("searchbox").fill("back pain")
    page.get_by_role("button", name="Search").click()

    # The address changes before the page is there, and counting waits for nothing.
    page.wait_for_load_state()
    assert page.url == f"{site}/search?q=back+pain"
    assert page.locator("main h2 a").count() > 3
