"""Release feeds: valid, with the entries of the list of changes and release dates as the only times."""

import json
import xml.etree.ElementTree as ET

import pytest
from build import procedure
from conftest import Client, Load

from app.domain.json import Json
from app.formats.changes import describe_change

ATOM = "{http://www.w3.org/2005/Atom}"


def get_version(client: Client) -> str:
    return str(client.get("/v1/releases/current").json()["version"]).replace("+", "%2B")


def test_the_atom_feed_of_changes_has_one_entry_per_changed_record(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"), procedure("knee-rfa", name="Knee & <hip>"))
    path = f"/v1/releases/{get_version(client)}/changes"
    changes = client.get(f"{path}?limit=100").json()["items"]

    response = client.get(f"{path}.atom")
    feed = ET.fromstring(response.content)

    assert response.headers["content-type"] == "application/atom+xml"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len({change["entity"] for change in changes})
    assert "Added: Knee & <hip>" in [entry.findtext(f"{ATOM}title") for entry in entries]
    for part in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert part.findtext(f"{ATOM}{name}")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    assert feed.findtext(f"{ATOM}author/{ATOM}name")


def test_both_feeds_have_the_same_entries_and_the_filters_of_the_list(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"), procedure("knee-rfa"))
    path = f"/v1/releases/{get_version(client)}/changes"

    json_feed = client.get(f"{path}.feed.json?entity=procedures/knee-rfa").json()
    atom = ET.fromstring(client.get(f"{path}.atom?entity=procedures/knee-rfa").content)

    assert [item["title"] for item in json_feed["items"]] == ["Added: Knee rfa"]
    assert [item["id"] for item in json_feed["items"]] == [
        entry.findtext(f"{ATOM}id") for entry in atom.iter(f"{ATOM}entry")
    ]
    assert json_feed["items"][0]["url"] == "/v1/procedures/knee-rfa"
    assert client.get(f"{path}.atom?limit=3").status_code == 422
    assert client.get("/v1/releases/9.9.9/changes.atom").status_code == 404


def build_row(field: str, change: str = "changed", old: object = None, new: object = None) -> Json:
    values = [value if value is None or isinstance(value, str) else json.dumps(value) for value in (old, new)]
    return {"field": field, "change": change, "old": values[0], "new": values[1]}


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (build_row("", "added"), "added as a whole"),
        (build_row("/summary", old="Short.", new="Two\nlines."), "/summary: Short. -> Two lines."),
        (build_row("/doi", "added", new="10.1/x"), "/doi added: 10.1/x"),
        (build_row("/year", old=2019, new=2020), "/year: 2019 -> 2020"),
        (build_row("/names", old=["a", "b"], new=["b", "c", "d"]), "/names: 2 added: c; d; 1 removed: a"),
        (
            build_row("/citations", old=[{"source": "s"}, {"source": "t"}], new=[{"source": "s", "locator": "p. 4"}]),
            "/citations: 1 removed: t; s (locator added: p. 4)",
        ),
        (build_row("/names", old=["a", "b"], new=["b", "a"]), "/names: another order"),
        (
            build_row("/claims/c-1", "removed", old={"id": "c-1", "statement": "It lasts."}),
            "/claims/c-1 removed: It lasts.",
        ),
        (build_row("/value", old={"min": 1}, new={"min": 2}), '/value: {"min":1} -> {"min":2}'),
        (build_row("/note", "removed", old="word " * 100), f"/note removed: {'word ' * 31}word ..."),
    ],
)
def test_a_change_is_a_line_with_its_field_and_its_old_and_new_value(row: Json, line: str) -> None:
    assert describe_change(row) == line


def test_entries_of_the_shipped_releases_are_short_and_link_every_change_in_full(shipped: Client) -> None:
    for release in shipped.get("/v1/releases").json()["items"]:
        path = f"/v1/releases/{release['version'].replace('+', '%2B')}/changes"
        for item in shipped.get(f"{path}.feed.json").json()["items"]:
            *lines, last = item["content_text"].split("\n")
            assert len(item["content_text"]) <= 12_000
            assert all(len(line) <= 600 for line in lines)
            assert last.startswith(f"In full: {path}?entity=")
    assert shipped.get(last.removeprefix("In full: ")).json()["items"]


@pytest.mark.parametrize("ending", ["atom", "feed.json"])
def test_the_releases_feed_lists_all_releases(shipped: Client, ending: str) -> None:
    releases = shipped.get("/v1/releases").json()["items"]
    response = shipped.get(f"/v1/releases.{ending}")

    titles = (
        [item["title"] for item in response.json()["items"]]
        if ending == "feed.json"
        else [entry.findtext(f"{ATOM}title") for entry in ET.fromstring(response.content).iter(f"{ATOM}entry")]
    )
    assert titles == [f"{release['version']}: {release['title']}" for release in releases]
    assert shipped.get(f"/v1/releases.{ending}", headers={"If-None-Match": response.headers["etag"]}).status_code == 304
