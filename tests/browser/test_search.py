"""Search as one types: a combobox by its keys, and a plain form where there is no script."""

from typing import Any

from playwright.sync_api import expect


def test_suggestions_are_a_combobox_that_keys_can_walk(site: str, open_page: Any) -> None:
    page = open_page(site)
    box = page.get_by_role("combobox")

    box.press_sequentially("epidur")
    page.locator("[role=option]").first.wait_for()
    # The last letters bring a list of their own.
    page.wait_for_load_state("networkidle")
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.count() == 1
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    where = chosen.get_attribute("data-href")
    box.press("Enter")
    page.wait_for_url(f"**{where}")

    assert "pidur" in page.locator("h1").inner_text()


def test_escape_closes_the_suggestions_and_keeps_the_words(site: str, open_page: Any) -> None:
    page = open_page(site)
    box = page.get_by_role("combobox")
    box.press_sequentially("epidur")
    page.locator("[role=option]").first.wait_for()
    # The last letters bring a list of their own.
    page.wait_for_load_state("networkidle")

    box.press("Escape")

    assert box.get_attribute("aria-expanded") == "false"
    assert page.locator("[role=listbox]").is_hidden()
    assert box.input_value() == "epidur"


def test_a_suggestion_can_be_clicked(site: str, open_page: Any) -> None:
    page = open_page(site)
    page.get_by_role("combobox").press_sequentially("sciat")
    first = page.locator("[role=option]").first
    first.wait_for()
    page.wait_for_load_state("networkidle")

    where = first.get_attribute("data-href")
    first.click()
    page.wait_for_url(f"**{where}")

    assert page.locator("h1").is_visible()


def test_filters_of_the_heat_map_work_without_script(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/matrix", scripts=False)
    page.get_by_text("Filter, or turn the table").click()

    page.get_by_role("checkbox", name="Ablation").check()
    page.get_by_role("button", name="Show").click()

    # What is expected is waited for, where counting waits for nothing.
    page.wait_for_url("**/matrix?*family=ablation*")
    expect(page.locator(".matrix tbody tr").nth(3)).to_be_attached()
    assert page.get_by_role("checkbox", name="Ablation").is_checked()


def test_procedures_are_chosen_and_compared_without_script(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/compare", scripts=False)

    for n in range(2):
        page.locator("input[name=procedure]").nth(n).check()
    page.get_by_role("button", name="Compare").click()

    heads = page.locator(".compare thead th")
    expect(heads).to_have_count(4)
    assert heads.nth(3).inner_text() == "No procedure"
