"""oEmbed 1.0, as in its specification."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from build import condition, emergency, generator, page, procedure, risk
from conftest import Client, Load

from app.main import create_app
from app.settings import Settings

PUBLIC = "https://kb.example.org/pain"


@pytest.fixture
def public(database_url: str, load: Load, runner: Any) -> Any:
    """Client of a service with a public URL below a path."""
    load(
        procedure("facet-rfa", name='Facet <b>"RFA"</b>', names=[{"text": "Rhizotomy", "kind": "synonym"}]),
        procedure("knee-rfa"),
        condition("sciatica"),
        generator("joint"),
        risk("bleeding"),
        page("overview"),
        emergency("stroke"),
    )
    public_client = Client(
        create_app(Settings(database_url=database_url, public_url=PUBLIC, path_prefix="/pain")), runner
    )
    public_client.poll_release()
    yield public_client
    public_client.close()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.tags


def test_the_response_is_rich_with_a_blockquote_and_a_titled_frame(public: Client) -> None:
    response = public.get("/oembed", params={"url": f"{PUBLIC}/procedures/facet-rfa"})

    body = response.json()
    assert response.headers["content-type"] == "application/json"
    assert (body["version"], body["type"], body["title"]) == ("1.0", "rich", 'Facet <b>"RFA"</b>')
    elements = tags(body["html"])
    assert [name for name, _ in elements] == ["blockquote", "a", "iframe"]
    assert elements[1][1]["href"] == f"{PUBLIC}/procedures/facet-rfa"
    assert elements[2][1]["src"] == f"{PUBLIC}/embed/procedures/facet-rfa"
    assert elements[2][1]["title"] == 'Facet <b>"RFA"</b>, from procedure-kb'
    assert (elements[2][1]["width"], elements[2][1]["height"]) == (str(body["width"]), str(body["height"]))
    assert elements[2][1]["frameborder"] == "0"


@pytest.mark.parametrize(
    ("url", "frame"),
    [
        ("/procedures/facet-rfa", "/embed/procedures/facet-rfa"),
        ("/embed/procedures/facet-rfa", "/embed/procedures/facet-rfa"),
        ("/procedures/rhizotomy", "/embed/procedures/facet-rfa"),
        ("/procedures/facet-rfa?x=1#benefit", "/embed/procedures/facet-rfa"),
        ("/conditions/sciatica", "/embed/conditions/sciatica/options"),
        ("/embed/conditions/sciatica/options", "/embed/conditions/sciatica/options"),
        ("/relief", "/embed/relief-chart"),
        ("/procedures/facet-rfa/leaflet", "/embed/procedures/facet-rfa"),
        ("/pain-generators/joint", "/embed/pain-generators/joint"),
        ("/guide/overview", "/embed/guide/overview"),
        ("/risks/bleeding", "/embed/risks/bleeding"),
        ("/emergencies/stroke", "/embed/emergencies/stroke"),
        ("/procedures", "/embed/procedures"),
        ("/conditions", "/embed/conditions"),
        ("/guide", "/embed/guide"),
        (
            "/compare?procedure=facet-rfa&procedure=knee-rfa",
            "/embed/compare?procedure=facet-rfa&procedure=knee-rfa",
        ),
        (
            "/embed/relief-chart?procedure=facet-rfa&procedure=knee-rfa",
            "/embed/relief-chart?procedure=facet-rfa&procedure=knee-rfa",
        ),
    ],
)
def test_own_pages_and_frames_are_accepted_as_path_and_as_public_url(public: Client, url: str, frame: str) -> None:
    for submitted_url in (f"/pain{url}", PUBLIC + url, (PUBLIC + url).replace("https", "http", 1)):
        response = public.get("/oembed", params={"url": submitted_url})

        assert response.status_code == 200, response.text
        assert tags(response.json()["html"])[2][1]["src"] == PUBLIC + frame
        assert public.get(frame).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/pain/procedures/facet-rfa",
        "https://kb.example.org/procedures/facet-rfa",
        "https://kb.example.org.evil.example/pain/procedures/facet-rfa",
        "ftp://kb.example.org/pain/procedures/facet-rfa",
        "//elsewhere.example/pain/procedures/facet-rfa",
        "http://[",
        "/pain/procedures/nothing",
        "/pain/sources",
        "/pain/compare?procedure=facet-rfa",
        "/pain/search",
        "/pain",
    ],
)
def test_every_other_url_is_not_found(public: Client, url: str) -> None:
    response = public.get("/oembed", params={"url": url})

    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ({}, (640, 900)),
        ({"maxwidth": "300"}, (300, 900)),
        ({"maxheight": "200"}, (640, 200)),
        ({"maxwidth": "2000", "maxheight": "2000"}, (640, 900)),
        ({"maxwidth": "1", "maxheight": "1"}, (1, 1)),
    ],
)
def test_the_size_limits_of_the_consumer_are_respected(
    public: Client, limits: dict[str, str], size: tuple[int, int]
) -> None:
    body = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", **limits}).json()

    assert (body["width"], body["height"]) == size


def test_the_xml_response_has_the_same_values(public: Client) -> None:
    plain = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa"}).json()
    response = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", "format": "xml"})

    root = ET.fromstring(response.content)
    assert response.headers["content-type"].startswith("text/xml")
    assert root.tag == "oembed"
    assert {element.tag: element.text for element in root} == {name: str(value) for name, value in plain.items()}


def test_a_format_outside_the_specification_is_501(public: Client) -> None:
    response = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", "format": "yaml"})

    assert (response.status_code, response.json()["code"]) == (501, "format_not_offered")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "url=",
        "url=/pain/procedures/facet-rfa&maxwidth=0",
        "url=/pain/procedures/facet-rfa&maxheight=-5",
        "url=/pain/procedures/facet-rfa&maxwidth=wide",
    ],
)
def test_an_invalid_request_names_its_parameter(public: Client, query: str) -> None:
    response = public.get(f"/oembed?{query}")

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] in {"url", "maxwidth", "maxheight"}


def test_parameters_of_the_consumer_are_ignored(public: Client) -> None:
    assert public.get("/oembed?url=/pain/procedures/facet-rfa&dnt=1&_locale=user").status_code == 200


def test_without_an_absolute_url_what_needs_one_is_off(client: Client, load: Load) -> None:
    load(procedure("p"))

    oembed, sitemap = client.get("/oembed?url=/procedures/p"), client.get("/sitemap.xml")
    page_html, leaflet = client.get("/procedures/p").text, client.get("/procedures/p/leaflet").text

    for response in (oembed, sitemap):
        assert (response.status_code, response.json()["code"]) == (404, "feature_disabled")
        assert "KB_PUBLIC_URL" in response.json()["detail"]
    assert not [link for name, link in tags(page_html) if name == "link" and link.get("rel") == "canonical"]
    assert "oembed" not in page_html
    assert "<svg" not in leaflet
    assert "Sitemap" not in client.get("/robots.txt").text


def test_a_server_on_loopback_has_them_under_its_address_but_no_code_to_scan(
    database_url: str, load: Load, runner: Any
) -> None:
    load(procedure("p"))
    loopback = Client(create_app(Settings(database_url=database_url, loopback_url="http://127.0.0.1:8000")), runner)
    loopback.poll_release()
    [link] = [
        link["href"] or ""
        for name, link in tags(loopback.get("/procedures/p").text)
        if name == "link" and link.get("type") == "application/json+oembed"
    ]

    body = loopback.get(link.removeprefix("http://127.0.0.1:8000")).json()
    sitemap, leaflet = loopback.get("/sitemap.xml").text, loopback.get("/procedures/p/leaflet").text
    loopback.close()

    assert tags(body["html"])[2][1]["src"] == "http://127.0.0.1:8000/embed/procedures/p"
    assert "<loc>http://127.0.0.1:8000/procedures/p</loc>" in sitemap
    assert "<svg" not in leaflet


@pytest.mark.parametrize(
    "path",
    [
        "/procedures/facet-rfa",
        "/procedures/facet-rfa/leaflet",
        "/conditions/sciatica",
        "/pain-generators/joint",
        "/guide/overview",
        "/procedures",
        "/relief",
        "/relief?procedure=knee-rfa",
        "/compare?procedure=facet-rfa&procedure=knee-rfa",
    ],
)
def test_the_head_of_a_page_links_to_its_oembed_response(public: Client, path: str) -> None:
    links = [
        attributes
        for name, attributes in tags(public.get(path).text)
        if name == "link" and "oembed" in (attributes.get("type") or "")
    ]

    assert [link["type"] for link in links] == ["application/json+oembed", "text/xml+oembed"]
    for link in links:
        url = urlsplit(link["href"] or "")
        assert parse_qs(url.query)["url"] == [PUBLIC + path]
        assert link["title"]
        assert public.get(f"{url.path.removeprefix('/pain')}?{url.query}").status_code == 200


@pytest.mark.parametrize("path", ["/sitemap.xml", "/oembed?url=/pain/procedures/facet-rfa"])
def test_the_release_parameter_is_checked(public: Client, path: str) -> None:
    separator = "&" if "?" in path else "?"

    assert public.get(path).status_code == 200
    assert public.get(f"{path}{separator}release=0.0.1").status_code == 410
