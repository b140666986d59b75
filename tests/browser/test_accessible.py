"""Accessibility: WCAG 2.2 AA with axe in light and dark mode on narrow and wide screens; keyboard, reflow and motion."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from web.site_pages import list_page_paths

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RICH = "/procedures/lumbar-medial-branch-radiofrequency-ablation"
# Pages that belong to no folder of records: the map with most marks, the region without a drawing, emergencies.
OTHER_PATHS = ["/body/low_back", "/body/whole_body", "/emergencies", "/emergencies/stroke"]


def _list_page_paths(site: str) -> list[str]:
    with httpx.Client(base_url=site, timeout=60) as client:
        return [*list_page_paths(client, per_folder=1), *OTHER_PATHS]


def find_violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    # Folded content is checked too.
    page.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")
    # Swagger UI on /docs is not ours to change.
    run = f"axe.run({{exclude: [['#swagger-ui']]}}, {{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}})"
    return [
        f"{violation['id']}: {violation['nodes'][0]['target']} {violation['nodes'][0]['failureSummary']}"
        for violation in page.evaluate(run)["violations"]
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_no_page_violates_a_rule_of_axe(site: str, open_page: Any, axe: str, width: int, scheme: str) -> None:
    # The policy of the pages would block axe: it is evaluated by the test, not loaded by the page.
    page = open_page(site, width=width, scheme=scheme, bypass_csp=True)
    violations = {}
    for path in _list_page_paths(site):
        page.goto(site + path)
        if page_violations := find_violations(page, axe):
            violations[path] = page_violations
    assert not violations


FRAMES_AND_CLINIC_PAGES = (
    RICH,
    f"{RICH}/leaflet",
    "/conditions/lumbar-radiculopathy",
    f"/embed{RICH}?variant=card",
    f"/embed{RICH}?variant=full",
    "/embed/pain-generators/facet-joint",
    "/embed/guide/overview",
    "/embed/emergencies/stroke",
    "/embed/risks/stroke",
    "/embed/procedures",
    "/embed/compare?procedure=medial-branch-block&procedure=nerve-block",
)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_pages_of_a_clinic_and_frames_pass_axe(
    serve: Any, shipped_database: str, tmp_path: Path, open_page: Any, axe: str, width: int, scheme: str
) -> None:
    clinic = tmp_path / "clinic.json"
    slug = RICH.rpartition("/")[2]
    edition = {
        "name": "Hillside Pain Clinic",
        "colors": {"accent": "#7a1f5c", "accent_dark": "#f0a8d8"},
        "telephone": "+1 555 010 0100",
        "hours": ["Monday to Friday, 8 to 17"],
        "booking_url": "https://clinic.example/book",
        "offered": [slug],
        "procedures": {slug: {"preparation": ["Use the entrance in the yard."], "aftercare": ["We call you."]}},
    }
    clinic.write_text(json.dumps(edition), encoding="utf-8")
    site = serve(shipped_database, clinic=str(clinic))
    page = open_page(site, width=width, scheme=scheme, bypass_csp=True)
    violations = {}
    for path in FRAMES_AND_CLINIC_PAGES:
        page.goto(site + path)
        if page_violations := find_violations(page, axe):
            violations[path] = page_violations
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert not violations


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_most_different_pages_pass_axe_in_the_other_widths_and_schemes(
    site: str, open_page: Any, axe: str, width: int, scheme: str
) -> None:
    page = open_page(site, width=width, scheme=scheme, bypass_csp=True)
    paths = (
        _list_page_paths(site)
        if os.environ.get("KB_FULL")
        else ["/", RICH, f"{RICH}/evidence", "/matrix", "/relief", "/search?q=knee", "/body/low_back"]
    )
    for path in paths:
        page.goto(site + path)
        assert not find_violations(page, axe), path


def test_no_page_scrolls_sideways_at_320_px(site: str, open_page: Any) -> None:
    page = open_page(site, width=320)
    overflowing = {}
    for path in _list_page_paths(site):
        page.goto(site + path)
        page.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            overflowing[path] = width
    assert not overflowing


def test_every_target_is_24_px_or_inline_in_text(site: str, open_page: Any) -> None:
    script = """() => [...document.querySelectorAll('a, button, input, summary')].filter((target) => {
        const rect = target.getBoundingClientRect();
        const inline = getComputedStyle(target).display === 'inline';
        return rect.width > 0 && !inline && (rect.height < 23.5 || rect.width < 23.5) && !target.closest('.skip');
    }).map((target) => target.outerHTML.slice(0, 120))"""
    page = open_page(site, width=320)
    for path in (
        "/",
        RICH,
        f"{RICH}/evidence",
        "/matrix",
        "/compare",
        "/relief",
        "/conditions/lumbar-radiculopathy",
        "/body/low_back",
    ):
        page.goto(site + path)
        assert page.evaluate(script) == [], path


def test_the_keyboard_reaches_everything_and_focus_is_visible(site: str, open_page: Any) -> None:
    for path in (
        "/",
        "/matrix?family=ablation",
        "/body/low_back",
        "/procedures/epidural-steroid-injection",
        f"{RICH}/evidence",
    ):
        page = open_page(site + path)
        # Links in folded content are hidden until it is opened: the keyboard reaches its summary. A drawing for the
        # mouse is not reached, if each of its links stands in the list beside it.
        expected, only_by_mouse = page.evaluate(
            """() => { const targets = [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
            .filter((target) => target.checkVisibility({contentVisibilityAuto: true}) && !(target.type === 'radio' && !target.checked));
            const reached = targets.filter((target) => target.tabIndex >= 0);
            const find_url = (target) => target.getAttribute('href') ?? target.outerHTML;
            const urls = new Set(reached.map(find_url));
            return [reached.length, targets.map(find_url).filter((url) => !urls.has(url))]; }"""
        )
        assert only_by_mouse == [], path
        seen = set()
        for _ in range(expected + 5):
            page.keyboard.press("Tab")
            position, has_focus_ring = page.evaluate(
                """() => { const active = document.activeElement; const style = getComputedStyle(active);
                const rect = active.querySelector(':scope > rect');
                return [active === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(active), style.outlineStyle !== 'none' ||
                  (rect && getComputedStyle(rect).stroke !== 'none')]; }"""
            )
            if position in seen or position < 0:
                continue
            assert has_focus_ring, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            seen.add(position)
        assert len(seen) >= expected, path


def test_the_first_tab_offers_to_skip_to_the_content(site: str, open_page: Any) -> None:
    page = open_page(site + RICH)

    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0


def test_reduced_motion_is_respected(site: str, open_page: Any) -> None:
    scroll_behavior = "getComputedStyle(document.documentElement).scrollBehavior"

    assert open_page(site + RICH, reduced_motion="reduce").evaluate(scroll_behavior) == "auto"
    assert open_page(site + RICH, reduced_motion="no-preference").evaluate(scroll_behavior) == "smooth"


def test_a_link_to_a_folded_statement_opens_it(site: str, open_page: Any) -> None:
    page = open_page(f"{site}{RICH}/evidence")
    hidden = page.evaluate("document.querySelector('details:not([open]) li[id]').id")

    page.goto(f"{site}{RICH}/evidence#{hidden}")

    assert page.locator(f"[id='{hidden}']").is_visible()
