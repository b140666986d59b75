"""The history as feeds: the same entries as the list of changes, valid, and of no clock but the releases'."""

import xml.etree.ElementTree as ET

import pytest
from build import procedure
from conftest import Client, Load

ATOM = "{http://www.w3.org/2005/Atom}"


def version_of(client: Client) -> str:
    return str(client.get("/v1/releases/current").json()["version"]).replace("+", "%2B")


def test_changes_as_atom_have_one_entry_for_each_record_that_changed(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"), procedure("knee-rfa", name="Knee & <hip>"))
    address = f"/v1/releases/{version_of(client)}/changes"
    listed = client.get(f"{address}?limit=100").json()["items"]

    answer = client.get(f"{address}.atom")
    feed = ET.fromstring(answer.content)

    assert answer.headers["content-type"] == "application/atom+xml"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len({one["entity"] for one in listed})
    assert "Added: Knee & <hip>" in [entry.findtext(f"{ATOM}title") for entry in entries]
    for part in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert part.findtext(f"{ATOM}{name}")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    assert feed.findtext(f"{ATOM}author/{ATOM}name")


def test_both_feeds_say_the_same_and_take_the_filters_of_the_list(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"), procedure("knee-rfa"))
    address = f"/v1/releases/{version_of(client)}/changes"

    one = client.get(f"{address}.feed.json?entity=procedures/knee-rfa").json()
    atom = ET.fromstring(client.get(f"{address}.atom?entity=procedures/knee-rfa").content)

    assert [item["title"] for item in one["items"]] == ["Added: Knee rfa"]
    assert [item["id"] for item in one["items"]] == [entry.findtext(f"{ATOM}id") for entry in atom.iter(f"{ATOM}entry")]
    assert one["items"][0]["url"] == "/v1/procedures/knee-rfa"
    assert client.get(f"{address}.atom?limit=3").status_code == 422
    assert client.get("/v1/releases/9.9.9/changes.atom").status_code == 404


@pytest.mark.parametrize("ending", ["atom", "feed.json"])
def test_releases_can_be_subscribed_to(shipped: Client, ending: str) -> None:
    listed = shipped.get("/v1/releases").json()["items"]
    answer = shipped.get(f"/v1/releases.{ending}")

    titles = (
        [item["title"] for item in answer.json()["items"]]
        if ending == "feed.json"
        else [entry.findtext(f"{ATOM}title") for entry in ET.fromstring(answer.content).iter(f"{ATOM}entry")]
    )
    assert titles == [f"{one['version']}: {one['title']}" for one in listed]
    assert shipped.get(f"/v1/releases.{ending}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
