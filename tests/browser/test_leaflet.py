"""Leaflets: at most two pages on A4 and Letter."""

import re
from typing import Any

import httpx
from web.site_pages import is_full_run, list_slugs

SAMPLE = (
    "lumbar-medial-branch-radiofrequency-ablation epidural-steroid-injection spinal-cord-stimulation balloon-kyphoplasty "
    "knee-injection-procedures intrathecal-drug-delivery"
).split()


def count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_every_leaflet_prints_on_at_most_two_pages(site: str, open_page: Any) -> None:
    page = open_page(site)
    with httpx.Client(base_url=site, timeout=60) as client:
        slugs = list_slugs(client, "procedures")
    chosen = slugs if is_full_run() else list(dict.fromkeys([slug for slug in SAMPLE if slug in slugs] + slugs[::12]))
    too_long = {}
    for slug in chosen:
        page.goto(f"{site}/procedures/{slug}/leaflet")
        for paper in ("A4", "Letter"):
            count = count_pages(page.pdf(format=paper))
            assert count, slug
            if count > 2:
                too_long[slug, paper] = count
    assert not too_long


def test_a_leaflet_has_its_public_url_as_qr_code_and_its_release(
    serve: Any, shipped_database: str, open_page: Any
) -> None:
    site = serve(shipped_database, public_url="https://kb.example.org")
    page = open_page(f"{site}/procedures/epidural-steroid-injection/leaflet")

    assert page.get_by_role("img", name="Address of the full page").is_visible()
    text = page.locator("main").inner_text()
    assert "https://kb.example.org/procedures/epidural-steroid-injection" in text
    assert "Release " in text
    assert "Key sources" in text


def test_a_printed_page_has_no_navigation(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/procedures/lumbar-medial-branch-radiofrequency-ablation/evidence")

    page.emulate_media(media="print")

    assert page.locator(".toc").is_hidden()
    assert page.locator("header.site nav").is_hidden()
