"""WCAG 2.2 AA by axe, in light and dark, on a phone and on a desk; keys, reflow and motion by the browser itself."""

import json
import os
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from web.walking import addresses

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RICH = "/procedures/lumbar-medial-branch-radiofrequency-ablation"


def _addresses(site: str) -> list[str]:
    with httpx.Client(base_url=site, timeout=60) as client:
        return addresses(client, some=1)


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    # A folded part is judged too.
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}})"
    found = page.evaluate(run)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}" for one in found]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_no_page_breaks_a_rule_of_axe(site: str, open_page: Any, axe: str, width: int, scheme: str) -> None:
    # What a policy forbids to pages, a test may do: axe is evaluated, not loaded by the page.
    page = open_page(site, width=width, scheme=scheme, bypass_csp=True)
    wrong = {}
    for path in _addresses(site):
        page.goto(site + path)
        if found := violations(page, axe):
            wrong[path] = found
    assert not wrong


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_other_pairs_of_width_and_scheme_hold_on_the_pages_that_differ_most(
    site: str, open_page: Any, axe: str, width: int, scheme: str
) -> None:
    page = open_page(site, width=width, scheme=scheme, bypass_csp=True)
    paths = _addresses(site) if os.environ.get("KB_FULL") else ["/", RICH, "/matrix", "/relief", "/search?q=knee"]
    for path in paths:
        page.goto(site + path)
        assert not violations(page, axe), path


def test_no_page_scrolls_sideways_at_320_px(site: str, open_page: Any) -> None:
    page = open_page(site, width=320)
    wide = {}
    for path in _addresses(site):
        page.goto(site + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide[path] = width
    assert not wide


def test_every_target_is_24_px_or_stands_in_a_sentence(site: str, open_page: Any) -> None:
    script = """() => [...document.querySelectorAll('a, button, input, summary')].filter((one) => {
        const box = one.getBoundingClientRect();
        const inline = getComputedStyle(one).display === 'inline';
        return box.width > 0 && !inline && (box.height < 23.5 || box.width < 23.5) && !one.closest('.skip');
    }).map((one) => one.outerHTML.slice(0, 120))"""
    page = open_page(site, width=320)
    for path in ("/", RICH, "/matrix", "/compare", "/relief", "/conditions/lumbar-radiculopathy"):
        page.goto(site + path)
        assert page.evaluate(script) == [], path


def test_the_keyboard_reaches_everything_and_the_focus_shows(site: str, open_page: Any) -> None:
    for path in ("/", "/matrix?family=ablation", "/procedures/epidural-steroid-injection"):
        page = open_page(site + path)
        # A link in a folded part is reached by opening it: the summary is what the keyboard meets.
        wanted = page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
            .filter((one) => one.checkVisibility({contentVisibilityAuto: true}) && !(one.type === 'radio' && !one.checked)).length"""
        )
        seen = set()
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            place, shown = page.evaluate(
                """() => { const one = document.activeElement; const style = getComputedStyle(one);
                const rect = one.querySelector(':scope > rect');
                return [one === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(one), style.outlineStyle !== 'none' ||
                  (rect && getComputedStyle(rect).stroke !== 'none')]; }"""
            )
            if place in seen or place < 0:
                continue
            assert shown, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            seen.add(place)
        assert len(seen) >= wanted, path


def test_the_first_tab_offers_to_skip_to_the_content(site: str, open_page: Any) -> None:
    page = open_page(site + RICH)

    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0


def test_who_asks_for_less_motion_gets_none(site: str, open_page: Any) -> None:
    moving = "getComputedStyle(document.documentElement).scrollBehavior"

    assert open_page(site + RICH, reduced_motion="reduce").evaluate(moving) == "auto"
    assert open_page(site + RICH, reduced_motion="no-preference").evaluate(moving) == "smooth"


def test_a_link_to_a_folded_statement_opens_it(site: str, open_page: Any) -> None:
    page = open_page(site + RICH)
    hidden = page.evaluate("document.querySelector('details:not([open]) li[id]').id")

    page.goto(f"{site}{RICH}#{hidden}")

    assert page.locator(f"[id='{hidden}']").is_visible()
