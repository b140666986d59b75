"""A procedure, on the screen and as a leaflet."""

from io import BytesIO

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from app.domain.json import Json
from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.web.charts import differ, relief_chart
from app.web.claim_lists import DRUG_FAMILIES, by_risk, key_sources, licence_statements
from app.web.icon_array import people_array
from app.web.rates import harm_rows, relief_span, response_rows
from app.web.rendering import answered, load, render

router = APIRouter(include_in_schema=False)


def _procedure_values(read: Reading, slug: str) -> Json:
    d = load(read, get_document(read, "procedure", slug))
    harms, base = harm_rows(d["risks"]["items"])
    conditions = {one["value"]["condition"]["slug"]: one["value"]["condition"] for one in d["indications"]["items"]}
    return {
        "d": d,
        "description": d["summary"],
        "comparable": [row for row in harms if not row["withheld"]],
        "withheld": [row for row in harms if row["withheld"]],
        "harm_base": base,
        "spans": relief_span(d["relief_durations"]["items"], d["typical_relief"]["items"]),
        "rates": response_rows(d["response_rates"]["items"]),
        "conditions": list(conditions.values()),
        "drug": d["family"] in DRUG_FAMILIES,
        "licence": licence_statements(d),
    }


def _claims_by_id(document: Json) -> dict[str, Json]:
    return {
        claim["id"]: claim
        for block in document.values()
        if isinstance(block, dict) and "items" in block
        for claim in block["items"]
        if isinstance(claim, dict) and "id" in claim
    }


def _draw(values: Json) -> None:
    """Put a picture beside every rate that has one: all of the same base and size."""
    for n, row in enumerate(values["rates"][:4]):
        words = f"{row['yes']:,} filled dots of 1,000, {row['no']:,} rings: {row['definition']}, {row['when']}."
        row["picture"] = people_array(row["yes"], key=f"rate-{n}", title="People who respond, of 1,000", words=words)
    for n, row in enumerate(values["comparable"]):
        drawn = values["harm_base"] == 1000 and row["count"] is not None and n < 2
        words = f"{row['shown']} filled dots of 1,000: {row['name']}, {row['timeframe']}."
        title = f"People with this harm, of 1,000: {row['name']}"
        row["picture"] = people_array(row["count"], key=f"harm-{n}", title=title, words=words) if drawn else ""


@router.get("/procedures/{slug}")
def show_procedure(slug: str, request: Request) -> Response:
    """A procedure, in the order that people need it."""

    def make(read: Reading) -> Response:
        values = _procedure_values(read, slug)
        _draw(values)
        d = values["d"]
        reliefs = d["relief_durations"]["items"]
        chart = relief_chart(
            reliefs,
            key="relief",
            title=f"How long relief lasts after {d['name'][0].lower()}{d['name'][1:]}",
            base=read.settings.path_prefix,
            heading="Figure",
        )
        return render(
            read,
            "procedure.html",
            title=d["name"],
            path=f"/procedures/{slug}",
            chart=chart,
            disagree=differ(reliefs),
            harm_statements=by_risk(d["risks"]["items"]),
            by_id=_claims_by_id(d),
            **values,
        )

    return answered(request, make)


@router.get("/procedures/{slug}/leaflet")
def show_leaflet(slug: str, request: Request) -> Response:
    """A procedure on a printed page, with the address of the rest."""

    def make(read: Reading) -> Response:
        values = _procedure_values(read, slug)
        address = f"{read.settings.link_base}/procedures/{slug}"
        return render(
            read,
            "leaflet.html",
            title=values["d"]["name"],
            path=f"/procedures/{slug}/leaflet",
            canonical_path=f"/procedures/{slug}",
            qr=_qr(address),
            address=address,
            key_sources=key_sources(values["d"]["sources"]),
            harm_statements=by_risk(values["d"]["risks"]["items"]),
            **values,
        )

    return answered(request, make)


def _qr(address: str) -> Markup:
    out = BytesIO()
    shape = {"xmldecl": False, "svgns": True, "omitsize": True, "svgclass": None, "lineclass": None}
    segno.make(address, error="m").save(out, kind="svg", border=2, title="Address of the full page", **shape)
    # `role` makes its title the name of the picture.
    return Markup(out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - made here from our own address
