"""Pages for patients on a phone, over every shipped record: their height and weight. Run with -s to see the figures."""

from typing import Any

import httpx
from web.site_pages import list_slugs

MOST_HEIGHT, MEDIAN_HEIGHT, MOST_BYTES = 7_000, 5_000, 60_000
STOPS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter((target) => target.checkVisibility({contentVisibilityAuto: true})).length"""
BYTES = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


def test_every_page_for_patients_is_short_light_and_has_few_stops(site: str, open_page: Any) -> None:
    with httpx.Client(base_url=site, timeout=60) as client:
        paths = [f"/{folder}/{slug}" for folder in ("procedures", "conditions") for slug in list_slugs(client, folder)]
    page = open_page(site, width=360)
    heights, stops, weights = {}, {}, {}
    for path in paths:
        page.goto(site + path)
        heights[path] = page.evaluate("document.documentElement.scrollHeight")
        stops[path] = page.evaluate(STOPS)
        weights[path] = page.evaluate(BYTES)
    for name, figures in (("height in px", heights), ("keyboard stops", stops), ("bytes", weights)):
        values = sorted(figures.values())
        longest = max(figures, key=lambda path: figures[path])
        print(f"{name}: median {values[len(values) // 2]:,}, most {values[-1]:,} ({longest})")

    assert {path: height for path, height in heights.items() if height > MOST_HEIGHT} == {}
    for folder in ("/procedures/", "/conditions/"):
        values = sorted(height for path, height in heights.items() if path.startswith(folder))
        assert values[len(values) // 2] <= MEDIAN_HEIGHT, folder
    assert max(stops.values()) <= 60
    assert max(weights.values()) <= MOST_BYTES


def test_an_old_link_to_a_statement_leads_to_the_evidence_page(site: str, open_page: Any) -> None:
    slug = "lumbar-medial-branch-radiofrequency-ablation"
    page = open_page(f"{site}/procedures/{slug}#{slug}--finding-05")

    page.wait_for_url(f"**/procedures/{slug}/evidence#{slug}--finding-05")

    assert page.locator(f"[id='{slug}--finding-05']").is_visible()
