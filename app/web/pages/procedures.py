"""A procedure, on the screen and as a leaflet."""

from io import BytesIO

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from app.http.reading import Reading
from app.http.resolving import get_document
from app.web.charts import relief_chart
from app.web.figures import harm_rows, response_rows
from app.web.rendering import Json, answered, load, render

router = APIRouter(include_in_schema=False)


def _procedure_values(read: Reading, slug: str) -> Json:
    d = load(read, get_document(read, "procedure", slug))
    harms, base = harm_rows(d["risks"]["items"])
    claims = {
        claim["id"]: claim
        for block in d.values()
        if isinstance(block, dict) and "items" in block
        for claim in block["items"]
        if isinstance(claim, dict) and "id" in claim
    }
    conditions = {one["value"]["condition"]["slug"]: one["value"]["condition"] for one in d["indications"]["items"]}
    return {"d": d, "harms": harms, "harm_base": base, "by_id": claims, "conditions": list(conditions.values())}


@router.get("/procedures/{slug}")
def show_procedure(slug: str, request: Request) -> Response:
    """A procedure, in the order that people need it."""

    def make(read: Reading) -> Response:
        values = _procedure_values(read, slug)
        d = values["d"]
        chart = relief_chart(
            d["relief_durations"]["items"],
            key="relief",
            title=f"How long relief lasts after {d['name']}",
            base=read.settings.path_prefix,
            heading="Figure",
        )
        alternates = [("alternate", "application/json", f"{read.settings.link_base}/v1/procedures/{slug}")]
        return render(
            read,
            "procedure.html",
            title=d["name"],
            path=f"/procedures/{slug}",
            chart=chart,
            rates=response_rows(d["response_rates"]["items"]),
            alternates=alternates,
            **values,
        )

    return answered(request, make)


@router.get("/procedures/{slug}/leaflet")
def show_leaflet(slug: str, request: Request) -> Response:
    """A procedure on a printed page, with the address of the rest."""

    def make(read: Reading) -> Response:
        values = _procedure_values(read, slug)
        address = f"{read.settings.link_base}/procedures/{slug}"
        out = BytesIO()
        segno.make(address, error="m").save(
            out,
            kind="svg",
            xmldecl=False,
            svgns=True,
            border=1,
            title="Address of the full page",
            svgclass=None,
            lineclass=None,
            omitsize=True,
        )
        qr = Markup(out.getvalue().decode())  # noqa: S704 - made here from our own address
        return render(
            read,
            "leaflet.html",
            title=values["d"]["name"],
            path=f"/procedures/{slug}/leaflet",
            qr=qr,
            address=address,
            **values,
        )

    return answered(request, make)
