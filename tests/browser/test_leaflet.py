"""A leaflet is one sheet of paper: two pages at most, on A4 and Letter."""

import re
from typing import Any

import httpx
from web.walking import full, slugs_of

SAMPLE = (
    "lumbar-medial-branch-radiofrequency-ablation epidural-steroid-injection spinal-cord-stimulation balloon-kyphoplasty "
    "knee-injection-procedures intrathecal-drug-delivery"
).split()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_every_leaflet_prints_on_two_pages_at_most(site: str, open_page: Any) -> None:
    page = open_page(site)
    with httpx.Client(base_url=site, timeout=60) as client:
        slugs = slugs_of(client, "procedures")
    chosen = slugs if full() else list(dict.fromkeys([one for one in SAMPLE if one in slugs] + slugs[::12]))
    long = {}
    for slug in chosen:
        page.goto(f"{site}/procedures/{slug}/leaflet")
        for paper in ("A4", "Letter"):
            count = pages_of(page.pdf(format=paper))
            assert count, slug
            if count > 2:
                long[slug, paper] = count
    assert not long


def test_a_leaflet_bears_its_address_as_qr_code_and_its_release(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/procedures/epidural-steroid-injection/leaflet")

    assert page.get_by_role("img", name="Address of the full page").is_visible()
    text = page.locator("main").inner_text()
    assert "/procedures/epidural-steroid-injection" in text
    assert "Release " in text
    assert "Key sources" in text


def test_a_printed_page_shows_what_the_screen_folds(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/procedures/lumbar-medial-branch-radiofrequency-ablation")

    page.emulate_media(media="print")

    assert page.locator(".toc").is_hidden()
    assert page.locator("header.site nav").is_hidden()
