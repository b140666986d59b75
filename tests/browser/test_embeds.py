"""Embeds in the page of a clinic: another origin, a strict policy, and only the documented snippets."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import claim, condition, generator, page, procedure, relief, risk, write_seed
from checkout import ROOT
from playwright.sync_api import Page, expect

from app.web.embed.builds import get_newest_build
from app.web.embed.snippets import (
    EmbedConfig,
    list_csp_directives,
    render_element_tag,
    render_iframe_tag,
    render_script_tag,
)

pytestmark = pytest.mark.browser
PROCEDURE = "lumbar-medial-branch-radiofrequency-ablation"
CONDITION = "lumbar-radiculopathy"
CONFIGS = {
    "kb-procedure": EmbedConfig("kb-procedure", PROCEDURE, "Radiofrequency ablation"),
    "kb-options": EmbedConfig("kb-options", CONDITION, "Options for sciatica"),
    "kb-relief-chart": EmbedConfig("kb-relief-chart", f"{PROCEDURE} medial-branch-block", "How long relief lasts"),
    "kb-search": EmbedConfig("kb-search", "", "Search pain procedures"),
}
Host = Callable[..., str]
# Types of the fixtures in conftest.py, which other modules cannot import.
OpenPage = Callable[..., Page]
Serve = Callable[..., str]
Fill = Callable[[Path, Path], str]
WORDPRESS_ALLOWED = {
    "a": {"href"},
    "blockquote": set[str](),
    "iframe": {"src", "width", "height", "frameborder", "marginwidth", "marginheight", "scrolling", "title"},
}


@pytest.fixture
def host() -> Iterator[Host]:
    """host(body, csp=..., head=..., html=...) serves a page on a new port and returns its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(body: str, *, csp: str = "", head: str = "", html: str = 'lang="en"', **files: str) -> str:
        text = f'<!doctype html><html {html}><head><meta charset="utf-8"><title>A clinic</title><link rel="icon" href="data:,">{head}</head><body><main><h1>A clinic</h1>{body}</main></body></html>'

        class Clinic(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.strip("/").replace(".", "_")
                self.send_response(200)
                self.send_header(
                    "Content-Type",
                    "text/css" if name.endswith("css") else "text/javascript" if name.endswith("js") else "text/html",
                )
                if csp:
                    self.send_header("Content-Security-Policy", csp)
                self.end_headers()
                self.wfile.write((files.get(name) or text).encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Clinic)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def strict_policy(site: str, *more: str) -> str:
    """Policy that allows only the documented directives and the inline icon of the page."""
    return "; ".join(["default-src 'none'", "img-src data:", *(line for line, _ in list_csp_directives(site)), *more])


def open_logged(open_page: OpenPage, url: str, **options: Any) -> tuple[Page, list[str]]:
    """Open a page and collect its console errors and warnings, which include policy violations."""
    messages: list[str] = []
    page = open_page("about:blank", **options)
    page.on("console", lambda message: messages.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(url)
    return page, messages


@pytest.mark.parametrize("element", CONFIGS)
def test_an_element_works_on_a_strict_page_of_another_origin(
    element: str, site: str, host: Host, open_page: OpenPage
) -> None:
    body = render_element_tag(CONFIGS[element], site) + render_script_tag(site, get_newest_build())

    page, messages = open_logged(open_page, host(body, csp=strict_policy(site)))

    card = page.locator(f"{element} .kb")
    expect(card).to_be_visible()
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    expect(card).to_contain_text("When to call")
    expect(card).to_contain_text("procedure-kb contributors, CC BY 4.0")
    expect(card).to_contain_text("This is information, not advice")
    assert messages == []


@pytest.mark.parametrize("element", CONFIGS)
def test_a_frame_works_on_a_strict_page_and_sends_its_height(
    element: str, site: str, host: Host, open_page: OpenPage
) -> None:
    body = render_iframe_tag(CONFIGS[element], site) + render_script_tag(site, get_newest_build())

    page, messages = open_logged(open_page, host(body, csp=strict_policy(site)))

    frame = page.frame_locator("iframe")
    expect(frame.locator("main")).to_contain_text("When to call")
    expect(frame.locator("main")).to_contain_text("procedure-kb contributors, CC BY 4.0")
    expect(page.locator("iframe")).not_to_have_attribute("height", "700")
    frame_height = int(page.locator("iframe").get_attribute("height") or 0)
    inner = page.frames[1].evaluate("document.body.getBoundingClientRect().height")
    assert abs(frame_height - inner) <= 1
    assert messages == []


@pytest.mark.parametrize("element", ["kb-procedure", "kb-options", "kb-relief-chart"])
def test_an_element_and_its_frame_have_the_same_text(element: str, site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CONFIGS[element], site) + render_script_tag(site, get_newest_build())
    page = open_page(host(body))
    frame_page = open_page(site + CONFIGS[element].frame)

    expect(page.locator(f"{element} .kb")).to_be_visible()

    def read_sentences(page_to_read: Page, selector: str) -> list[str]:
        return re.sub(r"\s+", " ", page_to_read.locator(selector).inner_text()).replace(" ", "").split(".")

    assert read_sentences(page, f"{element} .kb") == read_sentences(frame_page, ".kb")


def test_without_javascript_the_link_between_the_tags_is_shown(site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    page = open_page(host(body, csp=strict_policy(site)), scripts=False)

    expect(page.get_by_role("link", name="Radiofrequency ablation")).to_have_attribute(
        "href", f"{site}/procedures/{PROCEDURE}"
    )


def test_a_script_with_other_bytes_does_not_run_and_the_link_stays(site: str, host: Host, open_page: OpenPage) -> None:
    line = re.sub(r"sha384-[^\"]+", "sha384-" + "A" * 64, render_script_tag(site, get_newest_build()))

    page = open_page(host(render_element_tag(CONFIGS["kb-procedure"], site) + line))

    expect(page.get_by_role("link", name="Radiofrequency ablation")).to_be_visible()
    assert not page.evaluate("customElements.get('kb-procedure') !== undefined")


def test_an_unknown_record_shows_a_message_and_the_link(site: str, host: Host, open_page: OpenPage) -> None:
    body = (
        render_element_tag(EmbedConfig("kb-procedure", "no-such-thing", "Our treatment"), site)
        + "<kb-options></kb-options>"
    )

    page = open_page(host(body + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure .error")).to_contain_text("Unknown procedure 'no-such-thing'")
    expect(page.get_by_role("link", name="Our treatment")).to_be_visible()
    expect(page.locator("kb-options .error")).to_contain_text("condition attribute")
    expect(page.locator("kb-options").get_by_role("link")).to_be_visible()


def test_an_unreachable_service_shows_a_message_and_the_link(site: str, host: Host, open_page: OpenPage) -> None:
    body = f'<kb-procedure slug="x" base="http://127.0.0.1:9"><a href="{site}">The page</a></kb-procedure>'

    page = open_page(host(body + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure .error")).to_contain_text("cannot be loaded right now")
    expect(page.get_by_role("link", name="The page")).to_be_visible()


def test_custom_properties_and_parts_theme_an_element(site: str, host: Host, open_page: OpenPage) -> None:
    css = "kb-procedure { --kb-accent: rgb(120, 20, 90); --kb-background: rgb(255, 250, 240); } kb-procedure::part(title) { letter-spacing: 3px; }"
    body = render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    page, messages = open_logged(
        open_page,
        host(
            body,
            csp=strict_policy(site, "style-src 'self'"),
            head='<link rel="stylesheet" href="/own.css">',
            own_css=css,
        ),
    )

    expect(page.locator("kb-procedure a.link").first).to_have_css("color", "rgb(120, 20, 90)")
    expect(page.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(255, 250, 240)")
    expect(page.locator("kb-procedure .title")).to_have_css("letter-spacing", "3px")
    assert messages == []


@pytest.mark.parametrize(("theme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(26, 33, 40)")])
def test_a_theme_overrides_the_color_scheme_of_the_device(
    theme: str, paper: str, site: str, host: Host, open_page: OpenPage
) -> None:
    config = EmbedConfig("kb-procedure", PROCEDURE, "Ablation", theme)
    body = render_element_tag(config, site) + render_script_tag(site, get_newest_build())

    page = open_page(host(body), scheme="dark" if theme == "light" else "light")

    expect(page.locator("kb-procedure .kb")).to_have_css("background-color", paper)


def test_a_page_without_a_color_scheme_gets_a_light_element(site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    plain = open_page(host(body), scheme="dark")
    both = open_page(host(body, head='<meta name="color-scheme" content="light dark">'), scheme="dark")

    expect(plain.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(both.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(26, 33, 40)")


def test_headings_start_at_the_requested_level(site: str, host: Host, open_page: OpenPage) -> None:
    config = EmbedConfig("kb-procedure", PROCEDURE, "Ablation", level=4, variant="full")

    page = open_page(host(render_element_tag(config, site) + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure h4.title")).to_be_visible()
    assert page.locator("kb-procedure h2, kb-procedure h3").count() == 0
    assert page.locator("kb-procedure h5").count() > 2


def test_an_element_follows_a_change_of_its_attribute(site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build()))
    )
    expect(page.locator("kb-procedure .kb")).to_contain_text("Nerve burning for low back joints")

    page.evaluate("document.querySelector('kb-procedure').setAttribute('slug', 'trigger-point-injection')")

    expect(page.locator("kb-procedure .kb")).to_contain_text("Injection into a muscle knot")


def test_search_works_with_the_keyboard(site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CONFIGS["kb-search"], site) + render_script_tag(site, get_newest_build())
    page, messages = open_logged(open_page, host(body, csp=strict_policy(site)))
    expect(page.locator("kb-search .input")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.type("sciatica")
    page.keyboard.press("Enter")

    expect(page.locator("kb-search .status")).to_contain_text("found")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.querySelector('kb-search').shadowRoot.activeElement.href")
    assert focused.startswith(site)
    assert messages == []


def test_the_keyboard_reaches_every_link_and_region_of_an_element(site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(
            render_element_tag(CONFIGS["kb-procedure"], site)
            + render_script_tag(site, get_newest_build())
            + "<button>End</button>"
        )
    )
    expect(page.locator("kb-procedure .kb")).to_be_visible()
    root = "const root = document.querySelector('kb-procedure').shadowRoot;"
    wanted = page.evaluate(
        f"(() => {{ {root} return [...root.querySelectorAll('a[href], .scroll')].map((node) => node.textContent); }})()"
    )

    reached = []
    for _ in range(2 * len(wanted)):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "End":
            break
        reached.append(page.evaluate(f"(() => {{ {root} return root.activeElement?.textContent; }})()"))

    assert reached == wanted


# What the style sheets of websites do to everything on a page.
HOSTILE_CSS = {
    "a page from right to left": ('lang="ar" dir="rtl"', ""),
    "a root font of ten pixels": ('lang="en"', "html { font-size: 62.5%; } body { font-size: 1.6rem; }"),
    "text in capitals with wide spacing": (
        'lang="en"',
        "* { text-transform: uppercase; letter-spacing: 6px; word-spacing: 1em; white-space: pre; line-height: 3; }",
    ),
    "a framework that styles elements": (
        'lang="en"',
        (
            "*, ::before, ::after { box-sizing: content-box; } body { font: 300 24px/2 serif; text-align: center; } "
            "h2, h3, p, dl, ul, section { margin: 40px !important; padding: 40px !important; } a { color: #fff; }"
        ),
    ),
}


@pytest.mark.parametrize("name", HOSTILE_CSS)
def test_the_styles_of_a_page_do_not_reach_an_element(name: str, site: str, host: Host, open_page: OpenPage) -> None:
    attributes, css = HOSTILE_CSS[name]
    body = render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build())
    read = """(() => { const root = document.querySelector("kb-procedure").shadowRoot;
        return ["p.lede", ".title", ".call p", ".foot p", "dt"].map((selector) => { const style = getComputedStyle(root.querySelector(selector));
          return ["fontSize", "fontFamily", "fontWeight", "lineHeight", "letterSpacing", "wordSpacing", "textTransform", "textAlign", "whiteSpace", "direction", "color", "marginTop"]
            .map((key) => style[key]).join(" "); }); })()"""

    plain = open_page(host(body))
    styled = open_page(host(body, head="<link rel=stylesheet href=/own.css>", html=attributes, own_css=css))

    for opened in (plain, styled):
        expect(opened.locator("kb-procedure .lede")).to_be_visible()
    assert styled.evaluate(read) == plain.evaluate(read)
    assert styled.evaluate("document.querySelector('kb-procedure').shadowRoot.querySelector('.root').lang") == "en"


HEIGHTS = {"card": 420, "summary": 900}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("variant", HEIGHTS)
def test_a_short_variant_of_every_record_shows_all_it_says_within_its_height(
    variant: str, width: int, site: str, host: Host, open_page: OpenPage
) -> None:
    slugs = {
        folder: [
            record["slug"]
            for record in httpx.get(f"{site}/v1/{folder}", params={"limit": 100}, timeout=60).json()["items"]
        ]
        for folder in ("procedures", "conditions")
    }
    configs = [EmbedConfig("kb-procedure", slug, slug, variant=variant) for slug in slugs["procedures"]]
    configs += [EmbedConfig("kb-options", slug, slug, variant=variant) for slug in slugs["conditions"]]
    # With a telephone and a page to book, as a clinic has it.
    clinic = ' phone="+1 555 0100" booking-url="https://clinic.example/book"'
    body = "".join(re.sub(r"^<kb-[a-z]+", rf"\g<0>{clinic}", render_element_tag(config, site)) for config in configs)
    head = '<link rel="stylesheet" href="/own.css">'

    page = open_page(
        host(body + render_script_tag(site, get_newest_build()), head=head, own_css="body { margin: 16px; }"),
        width=width,
    )
    page.wait_for_function(
        "[...document.querySelectorAll('kb-procedure, kb-options')].every((node) => node.shadowRoot?.querySelector('.foot'))",
        timeout=300_000,
    )
    # Each as if it were alone on its page: with the notice.
    sizes = page.evaluate("""[...document.querySelectorAll("kb-procedure, kb-options")].map((node) => {
        node.shadowRoot.querySelector(".root").classList.remove("repeat");
        return [node.getBoundingClientRect().height, getComputedStyle(node.shadowRoot.querySelector(".content")).overflowY]; })""")

    heights = [height for height, _ in sizes]
    print(f"\n{variant} at {width} px: {len(heights)} records, highest {max(heights):.0f} px")
    assert len(heights) == len(configs)
    assert max(heights) <= HEIGHTS[variant]
    assert {overflow for _, overflow in sizes} == {"visible"}


def test_the_page_does_not_jump_while_an_element_loads_on_a_slow_phone(
    site: str, host: Host, open_page: OpenPage
) -> None:
    css = (ROOT / "docs/embedding.md").read_text(encoding="utf-8").partition("```css\nkb-procedure, ")[2]
    head = '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/own.css">'
    body = "<p>Before.</p>" + "".join(
        render_element_tag(EmbedConfig("kb-procedure", PROCEDURE, "Ablation", variant=variant), site) + "<p>After.</p>"
        for variant in ("card", "summary")
    )
    page = open_page("about:blank", width=360)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session.send("Network.emulateNetworkConditions", slow)
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )

    page.goto(
        host(
            body + render_script_tag(site, get_newest_build()),
            head=head,
            own_css="kb-procedure, " + css.partition("```")[0],
        )
    )
    expect(page.locator("kb-procedure .foot")).to_have_count(2)
    page.evaluate("new Promise((done) => setTimeout(done, 500))")

    assert page.evaluate("window.shift") < 0.1


def test_a_server_that_does_not_answer_leads_to_the_fallback_with_the_reason(
    site: str, host: Host, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    page.route("**/card.json", lambda _: None)
    page.clock.install()
    page.goto(
        host(
            "<script>addEventListener('kb-failed', (event) => { window.failure = event.detail; });</script>"
            + render_element_tag(EmbedConfig("kb-procedure", PROCEDURE, "Our treatment", variant="card"), site)
            + render_script_tag(site, get_newest_build())
        )
    )
    expect(page.locator("kb-procedure[aria-busy]")).to_have_count(1)
    page.clock.fast_forward(11_000)

    page.wait_for_function("window.failure")
    assert page.evaluate("window.failure") == {
        "reason": "timeout",
        "message": "This information cannot be loaded right now.",
    }
    expect(page.get_by_role("link", name="Our treatment")).to_be_visible()


def test_only_the_first_element_has_the_notice_and_each_has_its_license_line(
    site: str, host: Host, open_page: OpenPage
) -> None:
    body = "".join(
        render_element_tag(EmbedConfig("kb-procedure", slug, slug, variant=variant), site)
        for slug, variant in ((PROCEDURE, "card"), ("nerve-block", "summary"), ("medial-branch-block", "full"))
    )
    page = open_page(host(body + render_script_tag(site, get_newest_build())))
    notices = page.locator("kb-procedure .foot p.once")

    expect(notices).to_have_count(3)
    expect(notices.filter(visible=True)).to_have_count(1)
    expect(page.get_by_text("procedure-kb contributors, CC BY 4.0").filter(visible=True)).to_have_count(3)
    expect(page.locator("kb-procedure .call").filter(visible=True)).to_have_count(3)
    page.evaluate("document.querySelector('kb-procedure').remove()")
    expect(notices.filter(visible=True)).to_have_count(1)


def test_what_keeps_readers_safe_has_no_part_name_and_takes_no_property(
    site: str, host: Host, open_page: OpenPage
) -> None:
    css = "kb-procedure { --kb-text: #fff; --kb-background: #fff; --kb-muted: #fff; --kb-font: 1px/1 serif; --kb-accent: #fff; }"
    body = render_element_tag(CONFIGS["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    page = open_page(host(body, head="<link rel=stylesheet href=/own.css>", own_css=css))

    expect(page.locator("kb-procedure .call")).to_be_visible()
    assert page.locator("kb-procedure .safe [part]").count() == 0
    expect(page.locator("kb-procedure .call p").first).to_have_css("color", "rgb(23, 35, 45)")
    assert (
        page.locator("kb-procedure .call p").first.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")
        > 12
    )


def test_a_clinic_adds_its_words_its_telephone_and_links_to_its_own_pages(
    site: str, host: Host, open_page: OpenPage
) -> None:
    body = (
        f'<kb-options variant="full" condition="{CONDITION}" phone="+1 (555) 010-0" booking-url="https://clinic.example/book"'
        ' link-template="https://clinic.example/{slug}" offered="caudal-epidural-steroid-injection">'
        '<p slot="contact">Monday to Friday</p></kb-options>'
        f'<kb-procedure slug="{PROCEDURE}"><p slot="preparation">Use the entrance in the yard.</p></kb-procedure>'
    )
    page = open_page(host(body + render_script_tag(site, get_newest_build()), html='lang="ar" dir="rtl"'))
    options = page.locator("kb-options")

    expect(options.get_by_role("link", name="Call the clinic: +1 (555) 010-0")).to_have_attribute(
        "href", "tel:+15550100"
    )
    expect(options.get_by_role("link", name="Book an appointment")).to_have_attribute(
        "href", "https://clinic.example/book"
    )
    expect(options.get_by_role("link", name="Caudal epidural steroid injection")).to_have_attribute(
        "href", "https://clinic.example/caudal-epidural-steroid-injection"
    )
    other = options.get_by_role("link", name="Transforaminal epidural steroid injection")
    expect(other).to_have_attribute("href", f"{site}/procedures/transforaminal-epidural-steroid-injection")
    expect(options.get_by_text("(not offered at this clinic)").first).to_be_visible()
    expect(options.get_by_text("Monday to Friday")).to_be_visible()
    own = page.locator("kb-procedure .own")
    expect(own).to_contain_text("Before you come: from your clinic")
    expect(page.get_by_text("Use the entrance in the yard.")).to_be_visible()
    expect(own.locator("div")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("variant", HEIGHTS)
def test_in_a_host_of_few_letters_as_with_text_of_twice_the_size_a_short_variant_is_whole(
    variant: str, site: str, host: Host, open_page: OpenPage
) -> None:
    # Widths count in letters: 260 px are to 16 px letters what 520 px are to letters of twice the size.
    config = EmbedConfig("kb-procedure", "nerve-block", "Nerve block", variant=variant)
    page = open_page(host(render_element_tag(config, site) + render_script_tag(site, get_newest_build())), width=260)
    content = page.locator("kb-procedure .content")

    expect(page.locator("kb-procedure .foot")).to_be_visible()
    assert content.evaluate("(node) => node.scrollHeight - node.clientHeight") <= 1
    expect(content).to_have_css("overflow-y", "visible")


def test_in_print_a_short_variant_is_whole(site: str, host: Host, open_page: OpenPage) -> None:
    config = EmbedConfig("kb-procedure", "nerve-block", "Nerve block", variant="card")
    page = open_page(host(render_element_tag(config, site) + render_script_tag(site, get_newest_build())), width=360)
    expect(page.locator("kb-procedure .foot")).to_be_visible()

    page.emulate_media(media="print")

    assert page.locator("kb-procedure .content").evaluate("(node) => node.scrollHeight - node.clientHeight") <= 1


class WordPressSanitizer(HTMLParser):
    """HTML that WordPress keeps from a provider found by discovery (`wp_filter_oembed_result`)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in WORDPRESS_ALLOWED:
            attributes = "".join(
                f' {name}="{escape(value or "")}"' for name, value in attrs if name in WORDPRESS_ALLOWED[tag]
            )
            self.out += f"<{tag}{attributes}>"

    def handle_endtag(self, tag: str) -> None:
        if tag in WORDPRESS_ALLOWED:
            self.out += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        self.out += escape(data)


def sanitize_like_wordpress(html: str, secret: str) -> str:
    parser = WordPressSanitizer()
    parser.feed(html)
    match = re.search(r"(<blockquote>.*?</blockquote>)?.*(<iframe.*?></iframe>)", parser.out, re.DOTALL)
    assert match, "WordPress drops HTML without an iframe"
    assert match.group(1), "without a blockquote nothing is shown until a script runs"
    saved = match.group(1) + match.group(2)
    saved = re.sub(r'( src="[^"]+)"', rf'\1#?secret={secret}" data-secret="{secret}"', saved)
    saved = saved.replace(
        "<iframe",
        '<iframe class="wp-embedded-content" sandbox="allow-scripts" security="restricted" style="position: absolute; visibility: hidden;"',
    )
    return saved.replace("<blockquote", f'<blockquote class="wp-embedded-content" data-secret="{secret}"')


# Message handler of the WordPress script, with the checks in the documented order.
WORDPRESS_SCRIPT = """
addEventListener("message", (event) => {
  const message = event.data;
  if (!message || !(message.secret || message.message || message.value) || /[^a-zA-Z0-9]/.test(message.secret)) return;
  for (const quote of document.querySelectorAll(`blockquote[data-secret="${message.secret}"]`)) quote.style.display = "none";
  for (const frame of document.querySelectorAll(`iframe[data-secret="${message.secret}"]`)) {
    if (event.source !== frame.contentWindow) continue;
    frame.removeAttribute("style");
    if (message.message === "height") frame.height = Math.min(Math.max(parseInt(message.value, 10), 200), 1000);
    if (message.message === "link") window.followed = message.value;
  }
});
"""


def test_the_oembed_html_that_wordpress_keeps_works(site: str, host: Host, open_page: OpenPage) -> None:
    response_json = httpx.get(
        f"{site}/oembed", params={"url": f"/procedures/{PROCEDURE}", "maxwidth": 600}, timeout=60
    ).json()
    saved = sanitize_like_wordpress(response_json["html"], "aB3dE6gH9k")

    without_script = open_page(host(saved), scripts=False)
    page = open_page(host(f"{saved}<script>{WORDPRESS_SCRIPT}</script>"))

    expect(without_script.get_by_role("link", name="Lumbar medial branch radiofrequency ablation")).to_be_visible()
    expect(page.locator("iframe")).to_be_visible()
    expect(page.locator("blockquote")).to_be_hidden()
    # Whole, below the limit of WordPress.
    inner = page.frames[1].evaluate("document.body.scrollHeight")
    assert int(page.locator("iframe").get_attribute("height") or 0) == pytest.approx(inner, abs=1)
    assert inner <= 900
    expect(page.frame_locator("iframe").locator("main")).to_contain_text("When to call")
    page.frame_locator("iframe").locator(".actions a").first.click()
    page.wait_for_function("window.followed")
    assert page.evaluate("window.followed") == f"{site}/procedures/{PROCEDURE}"


def test_malformed_messages_and_other_windows_set_no_height(site: str, host: Host, open_page: OpenPage) -> None:
    body = (
        render_iframe_tag(CONFIGS["kb-procedure"], site)
        + '<iframe id="other" title="other" src="/other" width="100%" height="300"></iframe>'
    )
    other = '<!doctype html><title>x</title><script>parent.postMessage({type: "kb:height", version: 1, height: 999}, "*")</script>'
    page = open_page(host(body + render_script_tag(site, get_newest_build()), other=other))
    expect(page.locator("iframe").first).not_to_have_attribute("height", "700")
    height = page.locator("iframe").first.get_attribute("height")

    for wrong in (
        {"type": "kb:height", "version": 2, "height": 50},
        {"type": "kb:height", "version": 1, "height": "50"},
        {"height": 50},
        None,
    ):
        page.frames[1].evaluate("(message) => parent.postMessage(message, '*')", wrong)
    page.evaluate("new Promise((done) => setTimeout(done, 200))")

    assert page.locator("iframe").first.get_attribute("height") == height
    assert page.locator("#other").get_attribute("height") == "300"


HOSTILE_PATIENT_NAME = '<img src=x onerror="window.broken = 1">'
HOSTILE = '<script>window.broken = 1</script><img src=x onerror="window.broken = 1">'


@pytest.fixture(scope="module")
def hostile_site(serve: Serve, fill_database: Fill, tmp_path_factory: pytest.TempPathFactory) -> str:
    root: Path = tmp_path_factory.mktemp("hostile")
    rate = {
        "risk": "bleeding",
        "phrase": HOSTILE,
        "state": "known",
        "percent_min": 2,
        "percent_max": 2,
        "per": "people",
    }
    key = claim("p--mechanism", "mechanism", {"label": HOSTILE}, statement=HOSTILE)
    seed = write_seed(
        root / "seed",
        # No record has the name of another.
        risk("bleeding", name=f"{HOSTILE} harm"),
        generator("joint", name=f"{HOSTILE} joint", patient_name=f"{HOSTILE_PATIENT_NAME} knee"),
        condition("c", name=f"{HOSTILE} condition", patient_name=f"{HOSTILE_PATIENT_NAME} ache", arises_from=["joint"]),
        page("emergencies"),
        procedure(
            "p",
            name=HOSTILE,
            patient_name=HOSTILE_PATIENT_NAME,
            treats=["joint"],
            indicated=["c"],
            key_messages=[{"text": HOSTILE, "claims": [key["id"]]}],
            claims=[
                key,
                relief("p--relief", min="P3M", max="P6M", label=HOSTILE),
                claim("p--risk", "procedure_risk", rate),
            ],
        ),
    )
    return serve(fill_database(root / "kb.sqlite3", seed))


@pytest.mark.parametrize(
    "config",
    [
        EmbedConfig("kb-procedure", "p", "P"),
        EmbedConfig("kb-options", "c", "C"),
        EmbedConfig("kb-relief-chart", "p", "R"),
    ],
    ids=lambda config: config.element,
)
def test_hostile_content_remains_text(config: EmbedConfig, hostile_site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(render_element_tag(config, hostile_site) + render_script_tag(hostile_site, get_newest_build()))
    )
    frame_page = open_page(hostile_site + config.frame)

    expect(page.locator(f"{config.element} .kb")).to_contain_text("<script>window.broken = 1</script>")
    expect(frame_page.locator(".kb")).to_contain_text("<script>window.broken = 1</script>")
    for opened in (page, frame_page):
        assert opened.evaluate("window.broken") is None
        assert opened.locator(".kb img, .kb script").count() == 0


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/procedures/p", HOSTILE),
        ("/conditions/c", f"{HOSTILE} condition"),
        ("/pain-generators/joint", f"{HOSTILE} joint"),
    ],
)
def test_linked_data_of_a_hostile_record_is_escaped_and_allowed_by_the_policy(
    path: str, name: str, hostile_site: str, open_page: OpenPage
) -> None:
    page, messages = open_logged(open_page, hostile_site + path)

    block = page.locator('script[type="application/ld+json"]')
    assert json.loads(block.text_content() or "")["name"] == name
    assert page.evaluate("window.broken") is None
    assert messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", [*CONFIGS, "card", "full", "sections"])
def test_an_element_and_its_frame_pass_axe(
    name: str, width: int, scheme: str, site: str, host: Host, open_page: OpenPage, axe: str
) -> None:
    element = name if name in CONFIGS else "kb-procedure"
    config = replace(
        CONFIGS[element],
        theme="auto",
        variant=name if name in {"card", "full"} else "",
        sections="before,day,after" if name == "sections" else "",
    )
    page = open_page(
        host(render_element_tag(config, site) + render_script_tag(site, get_newest_build())), width=width, scheme=scheme
    )
    frame_page = open_page(site + config.frame, width=width, scheme=scheme)
    expect(page.locator(f"{element} .foot")).to_be_visible()

    for opened in (page, frame_page):
        opened.evaluate(axe)
        results = opened.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        assert [
            (violation["id"], [node["html"][:200] for node in violation["nodes"]])
            for violation in results["violations"]
        ] == []
        assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("way", ["element", "frame"])
@pytest.mark.parametrize("element", CONFIGS)
def test_the_configurator_shows_a_preview_of_the_snippet(
    element: str, way: str, site: str, open_page: OpenPage
) -> None:
    page, messages = open_logged(
        open_page, f"{site}/embed?element={element}&way={way}&procedure={PROCEDURE}&condition={CONDITION}&theme=light"
    )

    expect(page.locator("#lines")).to_have_value(re.compile(element if way == "element" else "<iframe "))
    preview = (
        page.locator(f".embedded {element} .kb")
        if way == "element"
        else page.frame_locator(".embedded iframe").locator("main")
    )
    expect(preview).to_contain_text("When to call")
    assert messages == []


def test_the_configurator_works_without_script(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/embed", scripts=False)

    page.get_by_label("What to show").select_option("kb-options")
    page.get_by_label("Condition").select_option(CONDITION)
    page.get_by_role("button", name="Show").click()

    expect(page.locator("#lines")).to_have_value(re.compile(f'<kb-options condition="{CONDITION}"'))
    expect(page.locator(".embedded a")).to_be_visible()
