"""API reference: Swagger UI shows every operation with its fields, and sends requests, under the policy of the site."""

from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage


def test_the_page_about_the_api_shows_fields_and_sends_a_request(site: str, open_page: Any) -> None:
    document = httpx.get(f"{site}/openapi.json", timeout=60).json()
    page = open_page(site)
    messages: list[ConsoleMessage] = []
    hosts: set[str] = set()
    page.on("console", lambda message: messages.append(message))  # noqa: PLW0108 - Playwright marks the handler
    page.on("request", lambda request: hosts.add(httpx.URL(request.url).netloc.decode()))

    page.goto(f"{site}/docs#/procedures/get_procedure")
    operation = page.locator("#operations-procedures-get_procedure")
    operation.get_by_role("button", name="Execute").click()
    status = operation.locator(".live-responses-table tbody .response-col_status")
    status.wait_for()

    assert page.locator(".opblock").count() == sum(len(item) for item in document["paths"].values())
    assert status.inner_text().split()[0] == "200"
    operation.get_by_role("tab", name="Schema").first.click()
    assert "relief_durations" in operation.inner_text()
    assert hosts - {""} == {httpx.URL(site).netloc.decode()}
    assert not [message.text for message in messages if message.type == "error"]
