"""What people see: pages rendered on the server from the same documents that the API shows."""

import hashlib
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any, Final
from urllib.parse import quote

import orjson
import segno
from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from app.errors import KnowledgeBaseError, NotFound, known_errors
from app.http.describing import operations_of
from app.http.pages import item_of
from app.http.problems import problem_response
from app.http.reading import CACHE_CONTROL, Reading, reading
from app.http.resolving import get_document, slugs_of
from app.http.searching import because_of, index_of, notices_of, suggestions_for
from app.queries.documents import find_document, list_documents
from app.queries.lists import Filters, Order, list_rows
from app.queries.matrix import list_matrix
from app.represent.comparison import compare
from app.schemas import vocabulary
from app.search.folding import fold
from app.search.query import search
from app.web.charts import relief_chart
from app.web.figures import harm_rows, response_rows

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FOLDERS: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "source": "sources",
    "guide_page": "guide",
}
_LABELS: Final = {
    "families": vocabulary.FAMILIES,
    "intents": vocabulary.INTENTS,
    "designs": vocabulary.DESIGNS,
    "roles": vocabulary.TARGET_ROLES,
    "relations": vocabulary.RELATIONS,
    "regions": vocabulary.BODY_REGIONS,
    "positions": {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS},
    "folders": FOLDERS,
}
_WORDS: Final = {
    "procedure": "Procedure",
    "condition": "Condition",
    "pain_generator": "Pain generator",
    "guide_page": "Guide",
    "source": "Source",
}
_CONDITION_SECTIONS: Final = (
    ("Symptoms", "symptoms"),
    ("What it can cause", "causes"),
    ("How common it is", "prevalences"),
    ("New cases", "incidences"),
    ("How it is tested", "reference_tests"),
    ("How it comes about", "mechanisms"),
    ("Findings", "findings"),
    ("Codes", "codes"),
)
_GENERATOR_SECTIONS: Final = (
    ("Share of pain", "shares_of_pain"),
    ("Where pain is felt", "referral_patterns"),
    ("How it is tested", "reference_tests"),
    ("How well tests work", "diagnostic_accuracy"),
    ("Findings", "findings"),
    ("How it is treated", "mechanisms"),
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("app.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> bytes:
    """A static file of the package."""
    return (resources.files("app.web") / "static" / name).read_bytes()


@cache
def asset_path(name: str) -> str:
    """Address of a static file, with a hash of its bytes: it never changes and may be kept for good."""
    stem, _, ending = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(asset(name)).hexdigest()[:12]}.{ending}"


def render(
    read: Reading, template: str, *, title: str, path: str, status: int = 200, csp: str = CSP, **values: object
) -> Response:
    """A page of the current release."""
    settings, release = read.settings, read.release
    current = read.once(
        ("current",), lambda: orjson.loads(bytes(find_document(read.connection, "current", "release") or b"{}"))
    )
    context = {
        **_LABELS,
        "base": settings.path_prefix,
        "css": asset_path("site.css"),
        "js": asset_path("site.js"),
        "title": title,
        "release": release.version,
        "notice": current["notice"]["text"],
        "report": settings.report_url or f"{settings.path_prefix}/notice#report",
        "canonical": f"{settings.public_url}{path}" if settings.public_url else "",
        "noindex": False,
        "current": current,
        **values,
    }
    html = _environment().get_template(template).render(context)
    read.close()
    headers = {
        "KB-Release": release.version,
        "Cache-Control": CACHE_CONTROL,
        "Content-Language": "en",
        "Content-Security-Policy": csp,
    }
    return Response(html.encode(), status, headers=headers, media_type="text/html")


def load(read: Reading, body: bytes) -> Json:
    """A document with its marks replaced, as values."""
    found: Json = orjson.loads(read.linked(bytes(body)))
    return found


def _rows(read: Reading, path: str, limit: int = 1000) -> list[Json]:
    rows = list_rows(read.connection, path, Filters(), Order(), after=None, limit=limit)
    return [load(read, item_of(row)) for row in rows]


def answered(request: Request, make: Any) -> Response:  # noqa: ANN401 - a function of the reading
    """A page, or the page that says why not."""
    with reading(request) as read:
        try:
            response: Response = make(read)
        except KnowledgeBaseError as error:
            if error.status >= 500:
                raise
            return _message(read, request, error)
    return response


def _message(read: Reading, request: Request, error: KnowledgeBaseError) -> Response:
    near = [
        (f"/{FOLDERS[one['type']]}/{one['slug']}", one["name"])
        for one in error.suggestions
        if isinstance(one, dict) and one.get("type") in FOLDERS
    ]
    return render(
        read,
        "message.html",
        title=error.title,
        path=request.url.path,
        status=error.status,
        lines=[error.detail],
        suggestions=near,
        noindex=True,
    )


@router.get("/")
def show_home(request: Request) -> Response:
    """Home."""

    def make(read: Reading) -> Response:
        current = load(read, find_document(read.connection, "current", "release") or b"{}") if read.release else {}
        return render(
            read,
            "home.html",
            title="Pain procedures, with their sources",
            path="/",
            counts=current["counts"],
            review_status=current["review"]["status"],
        )

    return answered(request, make)


def _list_page(request: Request, path: str, title: str, lede: str, tags: Any) -> Response:  # noqa: ANN401
    def make(read: Reading) -> Response:
        _ = read.release
        found = [
            {"name": one["name"], "summary": one["summary"], "path": f"/{path}/{one['slug']}", "tags": tags(one)}
            for one in _rows(read, path)
        ]
        return render(read, "list.html", title=title, path=f"/{path}", lede=lede, records=found)

    return answered(request, make)


@router.get("/procedures")
def show_procedures(request: Request) -> Response:
    """Every procedure."""

    def tags(one: Json) -> list[str]:
        relief = [f"Typical relief: {item['label']}" for item in one["typical_relief"]["items"]]
        return [
            vocabulary.FAMILIES[one["family"]],
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
            *relief,
        ]

    return _list_page(request, "procedures", "Procedures", "What a specialist may do, from tests to implants.", tags)


@router.get("/conditions")
def show_conditions(request: Request) -> Response:
    """Every condition."""

    def tags(one: Json) -> list[str]:
        return [
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
            *(["Named by sources, not described"] if one["stub"] else []),
        ]

    return _list_page(request, "conditions", "Conditions", "What you may have been told you have.", tags)


@router.get("/pain-generators")
def show_pain_generators(request: Request) -> Response:
    """Every pain generator."""

    def tags(one: Json) -> list[str]:
        return [
            vocabulary.GENERATOR_KINDS[one["kind"]],
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
        ]

    return _list_page(request, "pain-generators", "Pain generators", "Parts of the body that pain can come from.", tags)


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


@router.get("/conditions/{slug}")
def show_condition(slug: str, request: Request) -> Response:
    """A condition: what is urgent, care without a procedure, then procedures."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "condition", slug))
        options = load(read, get_document(read, "condition", slug, document="options"))
        return render(
            read,
            "record.html",
            title=d["name"],
            path=f"/conditions/{slug}",
            d=d,
            options=options,
            sections=_CONDITION_SECTIONS,
            folder="conditions",
        )

    return answered(request, make)


@router.get("/pain-generators/{slug}")
def show_pain_generator(slug: str, request: Request) -> Response:
    """A pain generator."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "pain_generator", slug))
        return render(
            read,
            "record.html",
            title=d["name"],
            path=f"/pain-generators/{slug}",
            d=d,
            options=None,
            sections=_GENERATOR_SECTIONS,
            folder="pain-generators",
        )

    return answered(request, make)


@router.get("/matrix")
def show_matrix(request: Request) -> Response:
    """Procedures by pain generators."""

    def make(read: Reading) -> Response:
        _ = read.release
        families = [one for one in request.query_params.getlist("family") if one in vocabulary.FAMILIES]
        regions = [one for one in request.query_params.getlist("body_region") if one in vocabulary.BODY_REGIONS]
        rows = list_matrix(read.connection, families=families, roles=[], body_regions=regions, limit=20_000)
        procedures = {row.procedure: row.procedure_name for row in rows}
        generators = {row.pain_generator: (row.generator_sort_name, row.generator_name) for row in rows}
        columns = sorted(generators, key=lambda slug: (generators[slug][0], slug))
        cells: dict[tuple[str, str], Json] = {}
        for row in rows:
            cell = cells.setdefault(
                (row.procedure, row.pain_generator),
                {"mark": "", "words": "", "claim": row.claim_id, "grade": row.grade},
            )
            cell["mark"] += "T" if row.role == "treats" else "D"
            cell["words"] += (" and " if cell["words"] else "") + row.role
        shown = {
            "procedures": [{"slug": slug, "name": name} for slug, name in procedures.items()],
            "pain_generators": [{"slug": slug, "name": generators[slug][1]} for slug in columns],
        }
        return render(
            read,
            "matrix.html",
            title="What treats what",
            path="/matrix",
            m=shown,
            cells=cells,
            chosen=families,
            chosen_regions=regions,
        )

    return answered(request, make)


@router.get("/relief")
def show_relief(request: Request) -> Response:
    """How long relief lasts, every estimate on one axis."""

    def make(read: Reading) -> Response:
        _ = read.release
        claims = _rows(read, "relief-durations")
        chart = relief_chart(
            claims,
            key="all",
            title="How long relief lasts, every estimate",
            base=read.settings.path_prefix,
            heading="Procedure",
        )
        return render(read, "relief.html", title="How long relief lasts", path="/relief", chart=chart)

    return answered(request, make)


@router.get("/compare")
def show_comparison(request: Request) -> Response:
    """Two to six procedures side by side, with no procedure as an option."""

    def make(read: Reading) -> Response:
        _ = read.release
        names = slugs_of(read, "procedure")
        chosen = [slug for slug in dict.fromkeys(request.query_params.getlist("procedure")) if slug in names][:6]
        comparison, message = None, ""
        if len(chosen) >= 2:
            bodies = list_documents(read.connection, "procedure", chosen)
            comparison = compare([load(read, bodies[slug]) for slug in chosen])
        elif chosen:
            message = "Choose at least one more procedure."
        ordered = sorted(names.items(), key=lambda pair: pair[1].casefold())
        return render(
            read,
            "compare.html",
            title="Compare procedures",
            path="/compare",
            all=ordered,
            chosen=chosen,
            c=comparison,
            message=message,
        )

    return answered(request, make)


@router.get("/search")
def show_search(request: Request) -> Response:
    """What a person types, answered as a page."""

    def make(read: Reading) -> Response:
        q = request.query_params.get("q", "").strip()[:200]
        values: Json = {
            "q": q,
            "r": None,
            "suggestions": [],
            "paths": {kind: f"/{folder}" for kind, folder in FOLDERS.items()},
            "words": _WORDS,
        }
        if fold(q):
            understood, hits = search(index_of(read), q)
            shown = [hit for hit in hits if hit.entry.type in FOLDERS][:30]
            items = [
                {
                    "type": hit.entry.type,
                    "slug": hit.entry.slug,
                    "name": hit.entry.name,
                    "summary": hit.entry.summary,
                    "because": because_of(hit),
                }
                for hit in shown
            ]
            values["r"] = {"items": items, "total": len(hits), "notices": notices_of(read, q)}
            values["corrections"] = understood.interpreted.corrections
            values["suggestions"] = [] if hits else suggestions_for(read, q)
        return render(read, "search.html", title="Search", path="/search", noindex=True, **values)

    return answered(request, make)


@router.get("/guide")
def show_guide(request: Request) -> Response:
    """Pages of the patient guide."""
    return _list_page(request, "guide", "Patient guide", "From the first visit to the follow-up.", lambda _: [])


@router.get("/guide/{slug}")
def show_guide_page(slug: str, request: Request) -> Response:
    """A page of the patient guide."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "guide_page", slug))
        return render(read, "guide.html", title=d["name"], path=f"/guide/{slug}", d=d)

    return answered(request, make)


@router.get("/sources")
def show_sources(request: Request) -> Response:
    """What the statements rest on."""

    def make(read: Reading) -> Response:
        _ = read.release
        rows = _rows(read, "sources", 5000)
        return render(read, "sources.html", title="Sources", path="/sources", rows=rows, total=len(rows), next=None)

    return answered(request, make)


@router.get("/sources/{slug}")
def show_source(slug: str, request: Request) -> Response:
    """A source, and what rests on it."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "source", slug))
        return render(read, "source.html", title=d["name"], path=f"/sources/{slug}", d=d)

    return answered(request, make)


@router.get("/releases")
def show_releases(request: Request) -> Response:
    """What changed."""

    def make(read: Reading) -> Response:
        version = read.release.version
        changes = _rows(read, f"releases/{version}/changes", 300)
        return render(
            read, "releases.html", title="What changed", path="/releases", rows=_rows(read, "releases"), changes=changes
        )

    return answered(request, make)


@router.get("/notice")
def show_notice(request: Request) -> Response:
    """That this is information and not advice, who made it, and where a wrong statement is reported."""

    def make(read: Reading) -> Response:
        current = load(read, find_document(read.connection, "current", "release") or b"{}") if read.release else {}
        about = "Every statement names its source; what is not known is said to be unknown."
        return render(
            read,
            "notice.html",
            title="About this information",
            path="/notice",
            c=current,
            about=about,
            custom_report=bool(read.settings.report_url),
        )

    return answered(request, make)


@router.get("/problems/{code}")
def show_problem(code: str, request: Request) -> Response:
    """What a kind of problem means and what to do."""

    def make(read: Reading) -> Response:
        error = known_errors().get(code)
        if error is None:
            raise NotFound(f"No kind of problem has the code {code[:80]!r}.")
        lines = [error.explanation, f"HTTP status {error.status}, code {code}."]
        return render(read, "message.html", title=error.title, path=f"/problems/{code}", lines=lines, suggestions=[])

    return answered(request, make)


@router.get("/docs")
def show_docs(request: Request) -> Response:
    """The API for people, from the same document that programs read."""

    def make(read: Reading) -> Response:
        summary, tags, operations = operations_of(request.app)
        return render(read, "docs.html", title="API", path="/docs", summary=summary, tags=tags, operations=operations)

    return answered(request, make)


@router.get("/static/{name}")
def get_static(name: str, request: Request) -> Response:
    """A style sheet, script or picture; with its hash in the name it is kept for good."""
    known = {asset_path(one).removeprefix("/static/"): one for one in ("site.css", "site.js")}
    plain = {"icon.svg", "leaflet.css"}
    file = known.get(name) or (name if name in plain else None)
    if file is None:
        return problem_response(request, NotFound("No such file."))
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    keeping = "public, max-age=31536000, immutable" if name in known else "public, max-age=3600"
    return Response(asset(file), media_type=kinds[file.rpartition(".")[2]], headers={"Cache-Control": keeping})


@router.get("/robots.txt")
def get_robots(request: Request) -> Response:
    """Robots may read pages, not embeds."""
    settings = request.app.state.settings
    lines = ["User-agent: *", f"Disallow: {settings.path_prefix}/embed/", "Allow: /"]
    if settings.public_url:
        lines.append(f"Sitemap: {settings.public_url}/sitemap.xml")
    return Response("\n".join(lines) + "\n", media_type="text/plain")


@router.get("/sitemap.xml")
def get_sitemap(request: Request) -> Response:
    """Every page that is worth finding."""
    with reading(request) as read:
        _ = read.release
        base = read.settings.link_base
        paths = [
            "/",
            "/procedures",
            "/conditions",
            "/pain-generators",
            "/matrix",
            "/relief",
            "/compare",
            "/guide",
            "/sources",
            "/releases",
            "/notice",
            "/docs",
        ]
        for kind, folder in FOLDERS.items():
            paths += [f"/{folder}/{quote(slug)}" for slug in sorted(slugs_of(read, kind))]
        rows = "".join(f"<url><loc>{base}{path}</loc></url>" for path in paths)
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return read.json(body.encode(), media_type="application/xml")
