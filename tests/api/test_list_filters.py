"""Any filters, order and page of a list, against the same asked of plain dictionaries."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from build import claim, condition, generator, procedure, relief
from conftest import Client, Load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Plain = dict[str, Any]
FAMILIES = ("ablation", "injection", "nerve_block")
REGIONS = ("knee", "hip", "low_back")
SETTINGS = ("inpatient", "office")
ABOVE = {"spine": {"spine"}, "facet-joint": {"facet-joint", "spine"}, "disc": {"disc", "spine"}, "hip": {"hip"}}


def _plain(number: int) -> Plain:
    """Attributes of a procedure that go through all their combinations, in another order than names do."""
    treats = [("spine", "facet-joint", "disc", "hip")[number % 4]] if number % 5 else []
    return {
        "slug": f"p{number:02d}",
        "family": FAMILIES[number * 7 % 3],
        "regions": {REGIONS[number % 3], REGIONS[number // 2 % 3]},
        "implant": number % 4 == 1,
        "settings": {SETTINGS[number % 2]} if number % 3 else set(),
        "treats": treats,
        "diagnoses": ["facet-joint"] if number % 6 < 2 else [],
        "indicated": ["sciatica"] if number % 3 == 1 else [],
        "months": None if number % 8 == 3 else number * 5 % 7 + 1,
    }


PROCEDURES = [_plain(number) for number in range(40)]


def _record(plain: Plain) -> Plain:
    slug = plain["slug"]
    claims = []
    if plain["settings"]:
        claims.append(claim(f"{slug}--setting-01", "setting", {"label": "There", "values": sorted(plain["settings"])}))
    if plain["months"]:
        claims.append(relief(f"{slug}--relief-duration-01", min=f"P{plain['months']}M", label="some months"))
    return procedure(
        slug,
        family=plain["family"],
        body_regions=sorted(plain["regions"]),
        implant=plain["implant"],
        treats=plain["treats"],
        diagnoses=plain["diagnoses"],
        indicated=plain["indicated"],
        claims=claims,
    )


def _of_procedures(asked: Plain) -> list[Plain]:
    """Rows of the list of procedures; a role belongs to the edge of the generator that was asked for."""

    def fits(one: Plain) -> bool:
        edges = [(above, role) for role in ("treats", "diagnoses") for other in one[role] for above in ABOVE[other]]
        edges += [("sciatica", "treats")] if one["indicated"] and not asked.get("pain_generator") else []
        wanted = [role for above, role in edges if above == asked.get("pain_generator", above)]
        if asked.get("pain_generator") and not wanted:
            return False
        return not asked.get("role") or bool(set(asked["role"]) & set(wanted))

    return [one for one in PROCEDURES if fits(one)]


def _of_generator(asked: Plain) -> list[Plain]:
    rows = [
        {**one, "role": role}
        for one in PROCEDURES
        for role in ("diagnoses", "treats")
        if any("spine" in ABOVE[other] for other in one[role])
    ]
    return [row for row in rows if not asked.get("role") or row["role"] in asked["role"]]


def _kept(row: Plain, asked: Plain) -> bool:
    return (
        (not asked.get("family") or row["family"] in asked["family"])
        and (not asked.get("body_region") or bool(row["regions"] & set(asked["body_region"])))
        and (not asked.get("setting") or bool(row["settings"] & set(asked["setting"])))
        and (asked.get("implant") is None or row["implant"] == (asked["implant"] == "true"))
        and (not asked.get("min_relief") or (row["months"] or 0) >= int(asked["min_relief"][1:-1]))
    )


def _ordered(rows: list[Plain], sort: str) -> list[str]:
    if sort == "-name":
        return [row["slug"] for row in reversed(rows)]
    if sort in {"relief", "-relief"}:
        known = [row for row in rows if row["months"]]
        # Unknown stands last both ways, and equals keep the order of names.
        known.sort(key=lambda row: row["months"], reverse=sort == "-relief")
        rows = known + [row for row in rows if not row["months"]]
    return [row["slug"] for row in rows]


VALUES: dict[str, Callable[[Plain], set[str]]] = {
    "family": lambda row: {row["family"]},
    "body_region": lambda row: row["regions"],
    "setting": lambda row: row["settings"],
    "implant": lambda row: {"true" if row["implant"] else "false"},
}


def _counted(rows: list[Plain], asked: Plain, facet: str) -> dict[str, int]:
    others = {name: value for name, value in asked.items() if name != facet}
    return dict(Counter(value for row in rows if _kept(row, others) for value in VALUES[facet](row)))


def _walked(client: Client, path: str, asked: Plain, limit: int) -> tuple[list[str], int]:
    """Slugs of all pages, one after the other, and the total that every page tells."""
    found: list[str] = []
    totals = set()
    params = {**asked, "limit": limit}
    while True:
        answer = client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [item["slug"] for item in body["items"]]
        totals.add(body["page"]["total"])
        if body["page"]["next"] is None:
            return found, *totals
        assert len(body["items"]) == limit
        assert len(found) <= 2 * len(PROCEDURES)
        params = {**params, "cursor": body["page"]["next"]}


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


ASKED = st.fixed_dictionaries(
    {"sort": st.sampled_from(["name", "-name", "relief", "-relief", "updated"])},
    optional={
        "family": _some(FAMILIES),
        "body_region": _some(REGIONS),
        "setting": _some(SETTINGS),
        "implant": st.sampled_from(["true", "false"]),
        "min_relief": st.sampled_from(["P1M", "P3M", "P7M"]),
        "role": _some(("treats", "diagnoses")),
    },
)


@pytest.fixture
def filled(client: Client, load: Load) -> Client:
    generators = [
        generator("spine"),
        generator("facet-joint", broader=["spine"]),
        generator("disc", broader=["spine"]),
        generator("hip"),
    ]
    load(*generators, condition("sciatica"), *map(_record, PROCEDURES))
    return client


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=ASKED,
    generators=st.sampled_from([None, "spine", "facet-joint", "hip"]),
    limit=st.integers(1, 30),
    facet=st.sampled_from(sorted(VALUES)),
)
def test_a_list_holds_what_filters_leave_in_its_order(
    filled: Client, asked: Plain, generators: str | None, limit: int, facet: str
) -> None:
    for path, rows, given_ in (
        ("/v1/procedures", _of_procedures, asked | ({"pain_generator": generators} if generators else {})),
        ("/v1/pain-generators/spine/procedures", _of_generator, asked),
    ):
        every = rows(given_)
        left = [row for row in every if _kept(row, given_)]

        found, total = _walked(filled, path, given_, limit)
        counts = filled.get(path, params={**given_, "limit": 1, "facet": facet}).json()["facets"][0]["values"]

        assert found == _ordered(left, asked["sort"])
        assert total == len(left)
        assert {one["value"]: one["count"] for one in counts} == _counted(every, given_, facet)


def test_a_text_that_is_in_no_record_leaves_an_empty_list(filled: Client) -> None:
    answer = filled.get("/v1/procedures", params={"q": "xyzzyplugh", "facet": "family"}).json()

    assert (answer["items"], answer["page"]["total"], answer["facets"][0]["values"]) == ([], 0, [])


def test_a_text_and_filters_are_all_required(filled: Client) -> None:
    named = filled.get("/v1/procedures", params={"q": "p07"}).json()["items"]
    other = next(family for family in FAMILIES if family != PROCEDURES[7]["family"])

    assert [one["slug"] for one in named] == ["p07"]
    assert filled.get("/v1/procedures", params={"q": "p07", "family": other}).json()["items"] == []
