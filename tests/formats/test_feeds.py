"""Release feeds: valid, with the entries of the list of changes and release dates as the only times."""

import xml.etree.ElementTree as ET

import pytest
from build import procedure
from conftest import Client, Load

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
