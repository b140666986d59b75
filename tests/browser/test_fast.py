"""Page weight, and rendering before any script runs."""

from typing import Any

BUDGET = 60_000


def _transferred(page: Any) -> int:
    script = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .reduce((sum, entry) => sum + entry.transferSize, 0)"""
    return int(page.evaluate(script))


def test_home_procedure_and_condition_pages_transfer_less_than_60_kb(site: str, open_page: Any) -> None:
    for path in ("", "/procedures/lumbar-medial-branch-radiofrequency-ablation", "/conditions/lumbar-radiculopathy"):
        page = open_page(site + path)
        page.wait_for_load_state("networkidle")
        weight = _transferred(page)
        print(f"{path or '/'}: {weight:,} bytes transferred")
        assert 1_000 < weight < BUDGET, path


def test_nothing_is_requested_from_another_host(site: str, open_page: Any) -> None:
    page = open_page(site)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))

    for path in ("/", "/relief", "/matrix", "/procedures/epidural-steroid-injection"):
        page.goto(site + path, wait_until="networkidle")

    assert requested
    assert [url for url in requested if not url.startswith((site, "data:"))] == []


def test_a_page_is_painted_before_its_script_arrives(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/robots.txt", bypass_csp=True)
    page.route("**/static/site.*.js", lambda _: None)  # never fulfilled

    page.goto(site, wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")

    assert page.locator("h1").is_visible()


def test_pages_set_no_cookie_and_violate_no_policy(site: str, open_page: Any) -> None:
    page = open_page(site)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))

    for path in (
        "/",
        "/procedures/epidural-steroid-injection",
        "/relief",
        "/procedures/epidural-steroid-injection/leaflet",
    ):
        page.goto(site + path, wait_until="networkidle")

    assert messages == []
    assert page.context.cookies() == []
