"""Walk of the built sample in chromium: `python walk.py DIST [SCREENSHOT]`. The elements show the content, and follow React's state."""

import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def expect(condition: object, message: str) -> None:
    if not condition:
        sys.exit(f"failed: {message}")
    print(f"ok: {message}")


def check_sample(page: Page) -> None:
    for name in ("kb-procedure", "kb-options", "kb-relief-chart", "kb-search"):
        page.locator(f"{name} .call").wait_for()
        expect(
            "procedure-kb contributors" in page.locator(f"{name} .foot").inner_text(), f"{name} shows its license line"
        )
    expect(page.inner_text("#state") == "shown", "the event kb-shown reaches React")
    expect(page.locator("kb-relief-chart svg.chart").count(), "the chart is drawn")
    expect("Serious harms" in page.locator("kb-procedure .content").inner_text(), "a card says the serious harms")
    expect(page.locator('kb-procedure a[href="tel:+15550100"]').count() == 1, "attributes of JSX reach the element")
    page.get_by_role("button", name="More").click()
    page.locator("kb-procedure .kb.full:not(.loading)").wait_for()
    expect(page.get_by_text("Monday to Friday").is_visible(), "the clinic's own words are in their slot")
    expect(page.locator("kb-procedure .section").count() > 5, "a changed property changes what is shown")
    expect("(lumbar-medial-branch" in page.inner_text("h1"), "the API answers as its types say")


def main() -> None:
    handler = partial(QuietHandler, directory=sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        check_sample(page)
        expect(not errors, f"no error in the page {errors[:3] or ''}")
        if len(sys.argv) > 2:
            page.screenshot(path=Path(sys.argv[2]), full_page=True)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
