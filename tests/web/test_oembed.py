"""oEmbed 1.0, as its specification says it."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from build import condition, procedure
from conftest import Client, Load

from app.main import create_app
from app.settings import Settings

PUBLIC = "https://kb.example.org/pain"


@pytest.fixture
def public(database_url: str, load: Load, runner: Any) -> Any:
    """A service that knows its public address, under a path."""
    load(
        procedure("facet-rfa", name='Facet <b>"RFA"</b>', names=[{"text": "Rhizotomy", "kind": "synonym"}]),
        procedure("knee-rfa"),
        condition("sciatica"),
    )
    one = Client(create_app(Settings(database_url=database_url, public_url=PUBLIC, path_prefix="/pain")), runner)
    one.poll_release()
    yield one
    one.close()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


def test_the_answer_is_rich_with_a_blockquote_and_a_titled_frame(public: Client) -> None:
    answer = public.get("/oembed", params={"url": f"{PUBLIC}/procedures/facet-rfa"})

    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (body["version"], body["type"], body["title"]) == ("1.0", "rich", 'Facet <b>"RFA"</b>')
    found = tags(body["html"])
    assert [name for name, _ in found] == ["blockquote", "a", "iframe"]
    assert found[1][1]["href"] == f"{PUBLIC}/procedures/facet-rfa"
    assert found[2][1]["src"] == f"{PUBLIC}/embed/procedures/facet-rfa"
    assert found[2][1]["title"] == 'Facet <b>"RFA"</b>, from procedure-kb'
    assert (found[2][1]["width"], found[2][1]["height"]) == (str(body["width"]), str(body["height"]))


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
        (
            "/embed/relief-chart?procedure=facet-rfa&procedure=knee-rfa",
            "/embed/relief-chart?procedure=facet-rfa&procedure=knee-rfa",
        ),
    ],
)
def test_pages_and_frames_of_ours_are_known_by_path_and_by_public_address(public: Client, url: str, frame: str) -> None:
    for given in (f"/pain{url}", PUBLIC + url, (PUBLIC + url).replace("https", "http", 1)):
        answer = public.get("/oembed", params={"url": given})

        assert answer.status_code == 200, answer.text
        assert tags(answer.json()["html"])[2][1]["src"] == PUBLIC + frame


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
        "/pain/procedures/",
        "/pain/procedures/facet-rfa/leaflet",
        "/pain",
    ],
)
def test_every_other_address_is_not_found(public: Client, url: str) -> None:
    answer = public.get("/oembed", params={"url": url})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


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
def test_the_limits_of_the_consumer_are_obeyed(public: Client, limits: dict[str, str], size: tuple[int, int]) -> None:
    body = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", **limits}).json()

    assert (body["width"], body["height"]) == size


def test_the_xml_answer_has_the_same_values(public: Client) -> None:
    plain = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa"}).json()
    answer = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", "format": "xml"})

    root = ET.fromstring(answer.content)
    assert answer.headers["content-type"].startswith("text/xml")
    assert root.tag == "oembed"
    assert {one.tag: one.text for one in root} == {name: str(value) for name, value in plain.items()}


def test_a_format_that_the_specification_does_not_name_is_501(public: Client) -> None:
    answer = public.get("/oembed", params={"url": "/pain/procedures/facet-rfa", "format": "yaml"})

    assert (answer.status_code, answer.json()["code"]) == (501, "format_not_offered")


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
def test_what_cannot_be_answered_names_its_parameter(public: Client, query: str) -> None:
    answer = public.get(f"/oembed?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] in {"url", "maxwidth", "maxheight"}


def test_parameters_of_the_consumer_itself_are_let_pass(public: Client) -> None:
    assert public.get("/oembed?url=/pain/procedures/facet-rfa&dnt=1&_locale=user").status_code == 200


def test_without_a_public_address_paths_alone_are_ours(client: Client, load: Load) -> None:
    load(procedure("p"))

    path, address = client.get("/oembed?url=/procedures/p"), client.get("/oembed?url=http://kb.test/procedures/p")

    assert path.status_code == 200
    assert (address.status_code, "KB_PUBLIC_URL" in address.json()["detail"]) == (404, True)


@pytest.mark.parametrize("path", ["/procedures/facet-rfa", "/conditions/sciatica", "/relief"])
def test_the_head_of_a_page_leads_to_its_answer(public: Client, path: str) -> None:
    found = [
        given for name, given in tags(public.get(path).text) if name == "link" and "oembed" in (given.get("type") or "")
    ]

    assert [one["type"] for one in found] == ["application/json+oembed", "text/xml+oembed"]
    for one in found:
        address = urlsplit(one["href"] or "")
        assert parse_qs(address.query)["url"] == [PUBLIC + path]
        assert one["title"]
        assert public.get(f"{address.path.removeprefix('/pain')}?{address.query}").status_code == 200
