"""Filters, sort orders and pages of lists, compared with a model that uses plain dictionaries."""

from collections.abc import Callable
from typing import Any

import pytest
from build import claim, condition, generator, procedure, relief, risk
from conftest import Client, Load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Attributes = dict[str, Any]
Params = dict[str, Any]
FAMILIES = ("ablation", "injection", "nerve_block")
REGIONS = ("knee", "hip", "low_back")
SETTINGS = ("inpatient", "office")
ROLES = ("treats", "diagnoses")
ABOVE = {"spine": {"spine"}, "facet-joint": {"facet-joint", "spine"}, "disc": {"disc", "spine"}, "hip": {"hip"}}


def _build_attributes(number: int) -> Attributes:
    """Attributes of a procedure. They run through all combinations, in another order than the names."""
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


PROCEDURES = [_build_attributes(number) for number in range(40)]


def _build_record(attributes: Attributes) -> dict[str, Any]:
    slug = attributes["slug"]
    claims = []
    if attributes["settings"]:
        claims.append(
            claim(f"{slug}--setting-01", "setting", {"label": "There", "values": sorted(attributes["settings"])})
        )
    if attributes["months"]:
        claims.append(relief(f"{slug}--relief-duration-01", min=f"P{attributes['months']}M", label="some months"))
    return procedure(
        slug,
        family=attributes["family"],
        body_regions=sorted(attributes["regions"]),
        implant=attributes["implant"],
        treats=attributes["treats"],
        diagnoses=attributes["diagnoses"],
        indicated=attributes["indicated"],
        claims=claims,
    )


def _list_procedures(params: Params) -> list[Attributes]:
    """Rows of the list of procedures. The role filter applies to the relation of the requested pain generator."""

    def matches(procedure: Attributes) -> bool:
        relations = [(above, role) for role in ROLES for generator in procedure[role] for above in ABOVE[generator]]
        relations += [("sciatica", "treats")] if procedure["indicated"] and not params.get("pain_generator") else []
        roles = [role for above, role in relations if above == params.get("pain_generator", above)]
        if params.get("pain_generator") and not roles:
            return False
        return not params.get("role") or bool(set(params["role"]) & set(roles))

    return [procedure for procedure in PROCEDURES if matches(procedure)]


def _list_procedures_of_spine(params: Params) -> list[Attributes]:
    """Procedures linked to the spine: each procedure once, if a relation has one of the requested roles."""
    roles = params.get("role") or ROLES
    return [
        procedure
        for procedure in PROCEDURES
        if any("spine" in ABOVE[generator] for role in roles for generator in procedure[role])
    ]


def _matches(row: Attributes, params: Params) -> bool:
    return (
        (not params.get("family") or row["family"] in params["family"])
        and (not params.get("body_region") or bool(row["regions"] & set(params["body_region"])))
        and (not params.get("setting") or bool(row["settings"] & set(params["setting"])))
        and (params.get("implant") is None or row["implant"] == (params["implant"] == "true"))
        and (not params.get("min_relief") or (row["months"] or 0) >= int(params["min_relief"][1:-1]))
    )


def _sort_slugs(rows: list[Attributes], sort: str) -> list[str]:
    if sort == "-name":
        return [row["slug"] for row in reversed(rows)]
    if sort in {"relief", "-relief"}:
        known = [row for row in rows if row["months"]]
        # Rows without a value come last in both directions; equal values are sorted by name.
        known.sort(key=lambda row: row["months"], reverse=sort == "-relief")
        rows = known + [row for row in rows if not row["months"]]
    return [row["slug"] for row in rows]


VALUES = {
    "family": FAMILIES,
    "body_region": REGIONS,
    "setting": SETTINGS,
    "implant": ("true", "false"),
    "role": ROLES,
    "pain_generator": tuple(ABOVE),
}


def _count_facet(list_rows: Callable[[Params], list[Attributes]], params: Params, facet: str) -> dict[str, int]:
    """Rows for each value of a facet, if it were the only requested one."""
    counts = {}
    for value in VALUES[facet]:
        query = params | {facet: value if facet in {"implant", "pain_generator"} else [value]}
        counts[value] = len([row for row in list_rows(query) if _matches(row, query)])
    return {value: count for value, count in counts.items() if count}


def _fetch_all_pages(client: Client, path: str, params: Params, limit: int) -> tuple[list[str], int]:
    """Slugs of all pages, and the total, which is equal on every page."""
    slugs: list[str] = []
    totals = set()
    params = {**params, "limit": limit}
    while True:
        response = client.get(path, params=params)
        assert response.status_code == 200, response.text
        body = response.json()
        slugs += [item["slug"] for item in body["items"]]
        totals.add(body["page"]["total"])
        if body["page"]["next"] is None:
            return slugs, *totals
        assert len(body["items"]) == limit
        assert len(slugs) <= len(PROCEDURES)
        params = {**params, "cursor": body["page"]["next"]}


def _sample(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


PARAMS = st.fixed_dictionaries(
    {"sort": st.sampled_from(["name", "-name", "relief", "-relief", "updated"])},
    optional={
        "family": _sample(FAMILIES),
        "body_region": _sample(REGIONS),
        "setting": _sample(SETTINGS),
        "implant": st.sampled_from(["true", "false"]),
        "min_relief": st.sampled_from(["P1M", "P3M", "P7M"]),
        "role": _sample(ROLES),
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
    load(*generators, condition("sciatica"), *map(_build_record, PROCEDURES))
    return client


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    params=PARAMS,
    generator_slug=st.sampled_from([None, "spine", "facet-joint", "hip"]),
    limit=st.integers(1, 30),
)
def test_a_list_has_the_matching_rows_in_its_sort_order(
    filled: Client, params: Params, generator_slug: str | None, limit: int
) -> None:
    generator_params = {"pain_generator": generator_slug} if generator_slug else {}
    for path, list_rows, query in (
        ("/v1/procedures", _list_procedures, params | generator_params),
        ("/v1/pain-generators/spine/procedures", _list_procedures_of_spine, params),
    ):
        rows = list_rows(query)
        matching = [row for row in rows if _matches(row, query)]

        slugs, total = _fetch_all_pages(filled, path, query, limit)
        facets = [name for name in sorted(VALUES) if name != "pain_generator" or path == "/v1/procedures"]
        counted = filled.get(path, params={**query, "limit": 1, "facet": facets}).json()["facets"]

        assert slugs == _sort_slugs(matching, params["sort"])
        assert total == len(matching)
        for facet in counted:
            counts = {value["value"]: value["count"] for value in facet["values"]}
            assert counts == _count_facet(list_rows, query, facet["name"]), facet["name"]


def test_a_text_query_without_matches_gives_an_empty_list(filled: Client) -> None:
    response = filled.get("/v1/procedures", params={"q": "xyzzyplugh", "facet": "family"}).json()

    assert (response["items"], response["page"]["total"], response["facets"][0]["values"]) == ([], 0, [])


def test_a_text_query_and_filters_must_all_match(filled: Client) -> None:
    items = filled.get("/v1/procedures", params={"q": "p07"}).json()["items"]
    other = next(family for family in FAMILIES if family != PROCEDURES[7]["family"])

    assert [item["slug"] for item in items] == ["p07"]
    assert filled.get("/v1/procedures", params={"q": "p07", "family": other}).json()["items"] == []


def test_procedures_are_filtered_by_contraindication_bleeding_risk_and_risk_of_any_form(
    client: Client, load: Load
) -> None:
    pacemaker = {"label": "Pacemaker", "topics": ["pacemaker_or_defibrillator"], "strength": "absolute"}
    bleeding = {"risk_class": "high", "scheme": "A scheme, 2018"}
    low = claim("low", "bleeding_risk", {**bleeding, "risk_class": "low"})
    burn = claim("burn", "procedure_risk", {"risk": "burn", "phrase": "burn", "state": "known"})
    warning = claim("warning", "safety_warning", {"label": "Burns", "body": "A regulator"})
    load(
        risk("burn"),
        procedure("ablation", claims=[low]),
        procedure(
            "lumbar-ablation",
            broader=["ablation"],
            claims=[
                claim("stop", "contraindication", pacemaker),
                claim("bleed", "bleeding_risk", bleeding),
                burn,
                warning,
            ],
        ),
        procedure("injection"),
    )

    def list_slugs(query: str) -> list[str]:
        return [row["slug"] for row in client.get(f"/v1/procedures?{query}").json()["items"]]

    assert list_slugs("contraindication_topic=pacemaker_or_defibrillator") == ["ablation", "lumbar-ablation"]
    assert list_slugs("contraindication_topic=pregnancy") == []
    assert list_slugs("risk=burn") == ["ablation", "lumbar-ablation"]
    assert [row["risk"]["slug"] for row in client.get("/v1/procedures/ablation").json()["forms"]["risks"]] == ["burn"]
    assert list_slugs("bleeding_risk=high&bleeding_risk=low") == ["ablation", "lumbar-ablation"]
    # The highest class counts: a step of low risk does not make a procedure one of low risk.
    assert list_slugs("bleeding_risk=low") == []
    # Who compares what a filter found sees why it was found.
    rows = client.get("/v1/compare?procedure=ablation&procedure=injection").json()["rows"]
    shown = {row["name"]: [value["label"] for value in row["cells"][0]["values"]] for row in rows}
    assert shown["bleeding_risks"] == ["Low (A scheme, 2018)", "Some forms: High (A scheme, 2018)"]
    assert shown["contraindications"] == ["Some forms: Pacemaker or defibrillator (not done)"]
    assert shown["safety_warnings"] == ["Some forms: Burns (A regulator)"]
    (facet,) = client.get("/v1/procedures?facet=contraindication_topic").json()["facets"]
    assert [(row["label"], row["count"]) for row in facet["values"]] == [("Pacemaker or defibrillator", 2)]
