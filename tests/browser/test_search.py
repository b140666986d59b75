"""Search: a combobox with keyboard support, and a plain form without JavaScript."""

from typing import Any

from playwright.sync_api import expect


def test_suggestions_are_a_combobox_with_keyboard_navigation(site: str, open_page: Any) -> None:
    page = open_page(site)
    combobox = page.get_by_role("combobox")

    combobox.press_sequentially("epidur")
    page.locator("[role=option]").first.wait_for()
    # The last letters load another list.
    page.wait_for_load_state("networkidle")
    assert combobox.get_attribute("aria-expanded") == "true"
    combobox.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.count() == 1
    assert combobox.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    href = chosen.get_attribute("data-href")
    combobox.press("Enter")
    page.wait_for_url(f"**{href}")

    # Doctors say the name that was chosen; the heading has the name that patients use.
    assert "pidur" in page.locator(".aka").inner_text()


def test_escape_closes_the_suggestions_and_keeps_the_input(site: str, open_page: Any) -> None:
    page = open_page(site)
    combobox = page.get_by_role("combobox")
    combobox.press_sequentially("epidur")
    page.locator("[role=option]").first.wait_for()
    # The last letters load another list.
    page.wait_for_load_state("networkidle")

    combobox.press("Escape")

    assert combobox.get_attribute("aria-expanded") == "false"
    assert page.locator("[role=listbox]").is_hidden()
    assert combobox.input_value() == "epidur"


def test_a_suggestion_can_be_clicked(site: str, open_page: Any) -> None:
    page = open_page(site)
    page.get_by_role("combobox").press_sequentially("sciat")
    first = page.locator("[role=option]").first
    first.wait_for()
    page.wait_for_load_state("networkidle")

    href = first.get_attribute("data-href")
    first.click()
    page.wait_for_url(f"**{href}")

    assert page.locator("h1").is_visible()


def test_matrix_filters_work_without_script(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/matrix", scripts=False)
    page.get_by_text("Filter, or turn the table").click()

    page.get_by_role("checkbox", name="Ablation").check()
    page.get_by_role("button", name="Show").click()

    # `expect` waits for the rows, `count` would not.
    page.wait_for_url("**/matrix?*family=ablation*")
    expect(page.locator(".matrix tbody tr").nth(3)).to_be_attached()
    assert page.get_by_role("checkbox", name="Ablation").is_checked()


def test_procedures_can_be_selected_and_compared_without_script(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/compare", scripts=False)

    for n in range(2):
        page.locator("input[name=procedure]").nth(n).check()
    page.get_by_role("button", name="Compare").click()

    headers = page.locator(".compare thead th")
    expect(headers).to_have_count(4)
    assert headers.nth(3).inner_text() == "No procedure"
