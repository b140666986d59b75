"""What a clinic's own page shows: another port, a strict policy, and nothing but the documented lines."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from html import escape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import claim, condition, generator, page, procedure, relief, risk, write_seed
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
CHOICES = {
    "kb-procedure": EmbedConfig("kb-procedure", PROCEDURE, "Radiofrequency ablation"),
    "kb-options": EmbedConfig("kb-options", CONDITION, "Options for sciatica"),
    "kb-relief-chart": EmbedConfig("kb-relief-chart", f"{PROCEDURE} medial-branch-block", "How long relief lasts"),
    "kb-search": EmbedConfig("kb-search", "", "Search pain procedures"),
}
Host = Callable[..., str]
# Of the fixtures of conftest.py, which no module can import by that name.
OpenPage = Callable[..., Page]
Serve = Callable[..., str]
Fill = Callable[[Path, Path], str]
KEPT_BY_WORDPRESS = {
    "a": {"href"},
    "blockquote": set[str](),
    "iframe": {"src", "width", "height", "frameborder", "marginwidth", "marginheight", "scrolling", "title"},
}


@pytest.fixture
def host() -> Iterator[Host]:
    """host(body, csp=..., head=...) serves a page on a port of its own, and gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def begin(body: str, *, csp: str = "", head: str = "", **files: str) -> str:
        text = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A clinic</title><link rel="icon" href="data:,">{head}</head><body><main><h1>A clinic</h1>{body}</main></body></html>'

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
                """Nothing: the test says what is wrong."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Clinic)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def strict(site: str, *more: str) -> str:
    """A policy that allows nothing but the documented lines, and an icon in the page itself."""
    return "; ".join(["default-src 'none'", "img-src data:", *(line for line, _ in list_csp_directives(site)), *more])


def listening(open_page: OpenPage, address: str, **more: Any) -> tuple[Page, list[str]]:
    """A page, and what its console complained of (violations of the policy are said there)."""
    said: list[str] = []
    page = open_page("about:blank", **more)
    page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    page.goto(address)
    return page, said


@pytest.mark.parametrize("element", CHOICES)
def test_an_element_shows_on_a_strict_page_of_another_origin(
    element: str, site: str, host: Host, open_page: OpenPage
) -> None:
    body = render_element_tag(CHOICES[element], site) + render_script_tag(site, get_newest_build())

    page, said = listening(open_page, host(body, csp=strict(site)))

    shown = page.locator(f"{element} .kb")
    expect(shown).to_be_visible()
    expect(shown.get_by_role("heading", level=2)).to_be_visible()
    expect(shown).to_contain_text("When to call")
    expect(shown).to_contain_text("procedure-kb contributors, CC BY 4.0")
    expect(shown).to_contain_text("This is information, not advice")
    assert said == []


@pytest.mark.parametrize("element", CHOICES)
def test_a_frame_shows_on_a_strict_page_and_tells_its_height(
    element: str, site: str, host: Host, open_page: OpenPage
) -> None:
    body = render_iframe_tag(CHOICES[element], site) + render_script_tag(site, get_newest_build())

    page, said = listening(open_page, host(body, csp=strict(site)))

    frame = page.frame_locator("iframe")
    expect(frame.locator("main")).to_contain_text("When to call")
    expect(frame.locator("main")).to_contain_text("procedure-kb contributors, CC BY 4.0")
    expect(page.locator("iframe")).not_to_have_attribute("height", "700")
    told = int(page.locator("iframe").get_attribute("height") or 0)
    inner = page.frames[1].evaluate("document.body.getBoundingClientRect().height")
    assert abs(told - inner) <= 1
    assert said == []


@pytest.mark.parametrize("element", ["kb-procedure", "kb-options", "kb-relief-chart"])
def test_an_element_says_what_its_frame_says(element: str, site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CHOICES[element], site) + render_script_tag(site, get_newest_build())
    page = open_page(host(body))
    framed = open_page(site + CHOICES[element].frame)

    expect(page.locator(f"{element} .kb")).to_be_visible()

    def words(shown: Page, where: str) -> list[str]:
        return re.sub(r"\s+", " ", shown.locator(where).inner_text()).replace(" ", "").split(".")

    assert words(page, f"{element} .kb") == words(framed, ".kb")


def test_without_script_the_link_between_the_tags_is_what_people_see(
    site: str, host: Host, open_page: OpenPage
) -> None:
    body = render_element_tag(CHOICES["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    page = open_page(host(body, csp=strict(site)), scripts=False)

    expect(page.get_by_role("link", name="Radiofrequency ablation")).to_have_attribute(
        "href", f"{site}/procedures/{PROCEDURE}"
    )


def test_a_script_whose_bytes_are_not_the_pinned_ones_does_not_run_and_the_link_stays(
    site: str, host: Host, open_page: OpenPage
) -> None:
    line = re.sub(r"sha384-[^\"]+", "sha384-" + "A" * 64, render_script_tag(site, get_newest_build()))

    page = open_page(host(render_element_tag(CHOICES["kb-procedure"], site) + line))

    expect(page.get_by_role("link", name="Radiofrequency ablation")).to_be_visible()
    assert not page.evaluate("customElements.get('kb-procedure') !== undefined")


def test_an_unknown_record_is_a_sentence_and_the_link_never_an_empty_box(
    site: str, host: Host, open_page: OpenPage
) -> None:
    body = (
        render_element_tag(EmbedConfig("kb-procedure", "no-such-thing", "Our treatment"), site)
        + "<kb-options></kb-options>"
    )

    page = open_page(host(body + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure .error")).to_contain_text("No procedure is called 'no-such-thing'")
    expect(page.get_by_role("link", name="Our treatment")).to_be_visible()
    expect(page.locator("kb-options .error")).to_contain_text("condition attribute")
    expect(page.locator("kb-options").get_by_role("link")).to_be_visible()


def test_a_service_that_is_away_is_a_sentence_and_the_link(site: str, host: Host, open_page: OpenPage) -> None:
    body = f'<kb-procedure slug="x" base="http://127.0.0.1:9"><a href="{site}">The page</a></kb-procedure>'

    page = open_page(host(body + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure .error")).to_contain_text("cannot be loaded right now")
    expect(page.get_by_role("link", name="The page")).to_be_visible()


def test_custom_properties_and_parts_theme_an_element(site: str, host: Host, open_page: OpenPage) -> None:
    css = "kb-procedure { --kb-accent: rgb(120, 20, 90); --kb-background: rgb(255, 250, 240); } kb-procedure::part(title) { letter-spacing: 3px; }"
    body = render_element_tag(CHOICES["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    page, said = listening(
        open_page,
        host(body, csp=strict(site, "style-src 'self'"), head='<link rel="stylesheet" href="/own.css">', own_css=css),
    )

    expect(page.locator("kb-procedure a.link").first).to_have_css("color", "rgb(120, 20, 90)")
    expect(page.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(255, 250, 240)")
    expect(page.locator("kb-procedure .title")).to_have_css("letter-spacing", "3px")
    assert said == []


@pytest.mark.parametrize(("theme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 25, 31)")])
def test_a_theme_is_light_or_dark_whatever_the_device_says(
    theme: str, paper: str, site: str, host: Host, open_page: OpenPage
) -> None:
    choice = EmbedConfig("kb-procedure", PROCEDURE, "Ablation", theme)
    body = render_element_tag(choice, site) + render_script_tag(site, get_newest_build())

    page = open_page(host(body), scheme="dark" if theme == "light" else "light")

    expect(page.locator("kb-procedure .kb")).to_have_css("background-color", paper)


def test_a_page_that_says_nothing_of_dark_gets_a_light_element(site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CHOICES["kb-procedure"], site) + render_script_tag(site, get_newest_build())

    plain = open_page(host(body), scheme="dark")
    both = open_page(host(body, head='<meta name="color-scheme" content="light dark">'), scheme="dark")

    expect(plain.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(both.locator("kb-procedure .kb")).to_have_css("background-color", "rgb(20, 25, 31)")


def test_headings_begin_at_the_level_that_the_page_asks_for(site: str, host: Host, open_page: OpenPage) -> None:
    choice = EmbedConfig("kb-procedure", PROCEDURE, "Ablation", level=4)

    page = open_page(host(render_element_tag(choice, site) + render_script_tag(site, get_newest_build())))

    expect(page.locator("kb-procedure h4.title")).to_be_visible()
    assert page.locator("kb-procedure h2, kb-procedure h3").count() == 0
    assert page.locator("kb-procedure h5").count() > 2


def test_an_element_follows_a_change_of_its_attribute(site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(render_element_tag(CHOICES["kb-procedure"], site) + render_script_tag(site, get_newest_build()))
    )
    expect(page.locator("kb-procedure .title")).to_contain_text("Lumbar medial branch")

    page.evaluate("document.querySelector('kb-procedure').setAttribute('slug', 'trigger-point-injection')")

    expect(page.locator("kb-procedure .title")).to_contain_text("Trigger point injection")


def test_the_search_finds_shows_and_warns_by_keyboard_alone(site: str, host: Host, open_page: OpenPage) -> None:
    body = render_element_tag(CHOICES["kb-search"], site) + render_script_tag(site, get_newest_build())
    page, said = listening(open_page, host(body, csp=strict(site)))
    expect(page.locator("kb-search .input")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.type("sciatica")
    page.keyboard.press("Enter")

    expect(page.locator("kb-search .status")).to_contain_text("found")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.querySelector('kb-search').shadowRoot.activeElement.href")
    assert focused.startswith(site)
    assert said == []


def test_every_link_and_region_of_an_element_is_reached_by_keyboard(site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(
            render_element_tag(CHOICES["kb-procedure"], site)
            + render_script_tag(site, get_newest_build())
            + "<button>End</button>"
        )
    )
    expect(page.locator("kb-procedure .kb")).to_be_visible()
    root = "const root = document.querySelector('kb-procedure').shadowRoot;"
    wanted = page.evaluate(
        f"(() => {{ {root} return [...root.querySelectorAll('a[href], .scroll')].map((one) => one.textContent); }})()"
    )

    reached = []
    for _ in range(2 * len(wanted)):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "End":
            break
        reached.append(page.evaluate(f"(() => {{ {root} return root.activeElement?.textContent; }})()"))

    assert reached == wanted


class Sanitized(HTMLParser):
    """What WordPress keeps of the html of a provider that it found by discovery (`wp_filter_oembed_result`)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in KEPT_BY_WORDPRESS:
            shown = "".join(
                f' {name}="{escape(value or "")}"' for name, value in attrs if name in KEPT_BY_WORDPRESS[tag]
            )
            self.out += f"<{tag}{shown}>"

    def handle_endtag(self, tag: str) -> None:
        if tag in KEPT_BY_WORDPRESS:
            self.out += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        self.out += escape(data)


def as_wordpress_saves(html: str, secret: str) -> str:
    parser = Sanitized()
    parser.feed(html)
    found = re.search(r"(<blockquote>.*?</blockquote>)?.*(<iframe.*?></iframe>)", parser.out, re.DOTALL)
    assert found, "WordPress drops what has no iframe"
    assert found.group(1), "without its blockquote nothing is shown until a script runs"
    kept = found.group(1) + found.group(2)
    kept = re.sub(r'( src="[^"]+)"', rf'\1#?secret={secret}" data-secret="{secret}"', kept)
    kept = kept.replace(
        "<iframe",
        '<iframe class="wp-embedded-content" sandbox="allow-scripts" security="restricted" style="position: absolute; visibility: hidden;"',
    )
    return kept.replace("<blockquote", f'<blockquote class="wp-embedded-content" data-secret="{secret}"')


# What the script of WordPress does with a message of a frame, in its documented order of checks.
WORDPRESS = """
addEventListener("message", (event) => {
  const said = event.data;
  if (!said || !(said.secret || said.message || said.value) || /[^a-zA-Z0-9]/.test(said.secret)) return;
  for (const quote of document.querySelectorAll(`blockquote[data-secret="${said.secret}"]`)) quote.style.display = "none";
  for (const frame of document.querySelectorAll(`iframe[data-secret="${said.secret}"]`)) {
    if (event.source !== frame.contentWindow) continue;
    frame.removeAttribute("style");
    if (said.message === "height") frame.height = Math.min(Math.max(parseInt(said.value, 10), 200), 1000);
    if (said.message === "link") window.followed = said.value;
  }
});
"""


def test_what_wordpress_saves_of_the_oembed_answer_shows(site: str, host: Host, open_page: OpenPage) -> None:
    answer = httpx.get(f"{site}/oembed", params={"url": f"/procedures/{PROCEDURE}", "maxwidth": 600}, timeout=60).json()
    html = answer["html"].replace('"/', f'"{site}/')
    saved = as_wordpress_saves(html, "aB3dE6gH9k")

    without = open_page(host(saved), scripts=False)
    page = open_page(host(f"{saved}<script>{WORDPRESS}</script>"))

    expect(without.get_by_role("link", name="Lumbar medial branch radiofrequency ablation")).to_be_visible()
    expect(page.locator("iframe")).to_be_visible()
    expect(page.locator("blockquote")).to_be_hidden()
    expect(page.locator("iframe")).to_have_attribute("height", "1000")
    expect(page.frame_locator("iframe").locator("main")).to_contain_text("When to call")
    page.frame_locator("iframe").locator(".more a").first.click()
    page.wait_for_function("window.followed")
    assert page.evaluate("window.followed") == f"{site}/procedures/{PROCEDURE}"


def test_a_host_sets_no_height_for_words_of_another_shape_or_window(site: str, host: Host, open_page: OpenPage) -> None:
    body = (
        render_iframe_tag(CHOICES["kb-procedure"], site)
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
        page.frames[1].evaluate("(said) => parent.postMessage(said, '*')", wrong)
    page.evaluate("new Promise((done) => setTimeout(done, 200))")

    assert page.locator("iframe").first.get_attribute("height") == height
    assert page.locator("#other").get_attribute("height") == "300"


HOSTILE = '<script>window.broken = 1</script><img src=x onerror="window.broken = 1">'


@pytest.fixture(scope="module")
def hostile_site(serve: Serve, fill_database: Fill, tmp_path_factory: pytest.TempPathFactory) -> str:
    root: Path = tmp_path_factory.mktemp("hostile")
    rate = {"risk": "bleeding", "phrase": HOSTILE, "state": "known", "percent_min": 2, "percent_max": 2, "per": HOSTILE}
    key = claim("p--mechanism", "mechanism", {"label": HOSTILE}, statement=HOSTILE)
    seed = write_seed(
        root / "seed",
        risk("bleeding", name=HOSTILE),
        generator("joint", name=HOSTILE),
        condition("c", name=HOSTILE, arises_from=["joint"]),
        page("emergencies"),
        procedure(
            "p",
            name=HOSTILE,
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
    "choice",
    [
        EmbedConfig("kb-procedure", "p", "P"),
        EmbedConfig("kb-options", "c", "C"),
        EmbedConfig("kb-relief-chart", "p", "R"),
    ],
    ids=lambda one: one.element,
)
def test_hostile_content_stays_text(choice: EmbedConfig, hostile_site: str, host: Host, open_page: OpenPage) -> None:
    page = open_page(
        host(render_element_tag(choice, hostile_site) + render_script_tag(hostile_site, get_newest_build()))
    )
    framed = open_page(hostile_site + choice.frame)

    expect(page.locator(f"{choice.element} .kb")).to_contain_text("<script>window.broken = 1</script>")
    expect(framed.locator(".kb")).to_contain_text("<script>window.broken = 1</script>")
    for one in (page, framed):
        assert one.evaluate("window.broken") is None
        assert one.locator(".kb img, .kb script").count() == 0


@pytest.mark.parametrize("path", ["/procedures/p", "/conditions/c", "/pain-generators/joint"])
def test_linked_data_of_a_hostile_record_is_a_data_block_that_the_policy_lets_pass(
    path: str, hostile_site: str, open_page: OpenPage
) -> None:
    page, said = listening(open_page, hostile_site + path)

    block = page.locator('script[type="application/ld+json"]')
    assert json.loads(block.text_content() or "")["name"] == HOSTILE
    assert page.evaluate("window.broken") is None
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("element", CHOICES)
def test_an_element_and_its_frame_have_no_violation_that_axe_finds(
    element: str, width: int, scheme: str, site: str, host: Host, open_page: OpenPage, axe: str
) -> None:
    choice = EmbedConfig(element, CHOICES[element].record, CHOICES[element].name, "auto")
    page = open_page(
        host(render_element_tag(choice, site) + render_script_tag(site, get_newest_build())), width=width, scheme=scheme
    )
    framed = open_page(site + CHOICES[element].frame, width=width, scheme=scheme)
    expect(page.locator(f"{element} .kb")).to_be_visible()

    for one in (page, framed):
        one.evaluate(axe)
        found = one.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]] == []
        assert one.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("way", ["element", "frame"])
@pytest.mark.parametrize("element", CHOICES)
def test_the_configurator_shows_the_result_of_what_it_says_to_copy(
    element: str, way: str, site: str, open_page: OpenPage
) -> None:
    page, said = listening(
        open_page, f"{site}/embed?element={element}&way={way}&procedure={PROCEDURE}&condition={CONDITION}&theme=light"
    )

    expect(page.locator("#lines")).to_have_value(re.compile(element if way == "element" else "<iframe "))
    shown = (
        page.locator(f".embedded {element} .kb")
        if way == "element"
        else page.frame_locator(".embedded iframe").locator("main")
    )
    expect(shown).to_contain_text("When to call")
    assert said == []


def test_the_configurator_works_without_script(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/embed", scripts=False)

    page.get_by_label("What to show").select_option("kb-options")
    page.get_by_label("Condition").select_option(CONDITION)
    page.get_by_role("button", name="Show").click()

    expect(page.locator("#lines")).to_have_value(re.compile(f'<kb-options condition="{CONDITION}"'))
    expect(page.locator(".embedded a")).to_be_visible()
