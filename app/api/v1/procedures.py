"""Procedures: the list, one in full, several at once, and each relation as a list of its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import (
    MAX_VALUES,
    EdgeFilters,
    Paged,
    PathSlug,
    Preconditioned,
    Reader,
    StrictRoute,
    Text,
    chosen,
    facets,
    many,
    relief_days,
    resolved,
    sorts,
)
from app.api.v1.batch import BatchParams, batch_of
from app.domain.patterns import VERSION
from app.errors import FieldError, InvalidParameter
from app.http.alternate_links import alternates_header
from app.http.context import Reading
from app.http.pagination import make_cursor, open_cursor, page_of, respond
from app.http.search import index_of
from app.http.slug_resolution import get_document, require_record
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.list_filter import Filters
from app.queries.lists import count_claims_of, list_claims_of
from app.queries.releases import list_versions
from app.schemas.building_blocks import Batch, ListPage
from app.schemas.claims import (
    FindingClaim,
    IndicationClaim,
    ProcedureRiskClaim,
    ReliefDurationClaim,
    ResponseRateClaim,
    TargetClaim,
)
from app.schemas.records import ProcedureDetail, ProcedureSummary
from app.search.ranking import search

router = APIRouter(prefix="/procedures", tags=["procedures"], route_class=StrictRoute)


class ProcedureFilters(EdgeFilters):
    """Filters of the list of procedures."""

    pain_generator: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name; a broader one finds its narrower ones."
    )
    condition: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name; a broader one finds its narrower ones."
    )
    procedure: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: this procedure and its narrower ones."
    )
    risk: list[Text] = many("Slug or name: procedures for which this risk is reported.")
    q: Annotated[str, Field(min_length=1, max_length=200)] | SkipJsonSchema[None] = Field(
        default=None, description="Text that the procedure's names or summary match."
    )
    updated_since: Annotated[str, Field(max_length=40, pattern=VERSION)] | SkipJsonSchema[None] = Field(
        default=None, description="Version of a release: only records changed after it."
    )
    sort: Annotated[str, sorts("name", "-name", "relief", "-relief", "updated", "-updated")] = Field(
        default="name", description="Order; unknown relief stands last both ways."
    )

    def filters(self, read: Reading) -> Filters:
        generators = resolved(read, "pain_generator", "pain_generator", self.pain_generator)
        conditions = resolved(read, "condition", "condition", self.condition)
        found = self._shared() | chosen(
            procedure=list(resolved(read, "procedure", "procedure", self.procedure)),
            risk=list(resolved(read, "risk", "risk", self.risk)),
        )
        for name, slugs in (("pain_generator", generators), ("condition", conditions)):
            if slugs and self.role:
                # The role belongs to the same edge as the record.
                found[f"{name}:role"] = tuple(f"{slug} {role}" for slug in slugs for role in self.role)
            elif slugs:
                found[name] = slugs
        if self.role and not generators and not conditions:
            found["role"] = tuple(self.role)
        since = None if self.updated_since is None else place_of_version(read, self.updated_since)
        found_by_text = None
        if self.q is not None:
            _, hits = search(index_of(read), self.q, ("procedure",))
            found_by_text = tuple(sorted(hit.entry.slug for hit in hits))
        return Filters(found, relief_days(self.min_relief), since, found_by_text)


class ProcedureParams(ProcedureFilters, Paged):
    """What the list takes."""

    facet: list[
        Annotated[
            str,
            facets(
                "pain_generator",
                "condition",
                "role",
                "family",
                "intent",
                "guidance",
                "anaesthesia",
                "body_region",
                "setting",
                "implant",
                "risk",
            ),
        ]
    ] = Field(default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of.")


def place_of_version(read: Reading, version: str) -> int:
    """Place of a version in the history. InvalidParameter when there is no such release."""
    versions = read.once(("versions",), lambda: _versions(read))
    if version not in versions:
        message = f"no release has this version; known are {', '.join(versions)}"
        raise InvalidParameter(
            f"updated_since: {message}",
            errors=(FieldError("updated_since", version, message),),
            suggestions=tuple(versions[-3:]),
        )
    return versions.index(version)


def _versions(read: Reading) -> list[str]:
    found = list_versions(read.connection)
    return found if read.release.version in found else [*found, read.release.version]


@router.get("", response_model=ListPage[ProcedureSummary], responses=answers())
def list_procedures(params: Annotated[ProcedureParams, Query()], read: Reader) -> Response:
    """Procedures, filtered, sorted and counted."""
    read.require(params.release)
    return page_of(
        read,
        "procedures",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=True,
    )


@router.get("/batch", response_model=Batch[ProcedureDetail], responses=answers())
def get_procedures_batch(params: BatchParams, read: Reader) -> Response:
    """Several procedures in full, in the order asked; what is not there is said."""
    return batch_of(read, "procedure", params)


@router.get("/{slug}", response_model=ProcedureDetail, responses=answers(*OF_A_RECORD))
def get_procedure(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A procedure in full: every block known, unknown or not applicable."""
    read.require(params.release)
    return read.json(get_document(read, "procedure", slug), headers=alternates_header(read, "procedures", slug))


def _relation(read: Reading, slug: str, kind: str, params: Paged) -> Response:
    read.require(params.release)
    require_record(read, "procedure", slug)
    release, signature = read.release, f"{slug}/{kind}"
    after = None if params.cursor is None else open_cursor(params.cursor, release.revision, release.version, signature)
    rows = list_claims_of(read.connection, "procedure", slug, kind, after=after, limit=params.limit + 1)
    total = read.once(("claims", slug, kind), lambda: count_claims_of(read.connection, "procedure", slug, kind))
    more = len(rows) > params.limit
    following = (
        make_cursor(release.revision, release.version, signature, rows[params.limit - 1].position) if more else None
    )
    shown = [row.claim or b"" for row in rows[: params.limit]]
    return respond(read, shown, limit=params.limit, total=total, following=following)


@router.get("/{slug}/targets", response_model=ListPage[TargetClaim], responses=answers(*OF_A_RECORD))
def list_targets_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """What a procedure diagnoses or treats, claim by claim."""
    return _relation(read, slug, "target", params)


@router.get("/{slug}/indications", response_model=ListPage[IndicationClaim], responses=answers(*OF_A_RECORD))
def list_indications_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """What a procedure is used for, claim by claim."""
    return _relation(read, slug, "indication", params)


@router.get("/{slug}/risks", response_model=ListPage[ProcedureRiskClaim], responses=answers(*OF_A_RECORD))
def list_risks_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Risks of a procedure, claim by claim, with the figures that sources give."""
    return _relation(read, slug, "procedure_risk", params)


@router.get("/{slug}/relief-durations", response_model=ListPage[ReliefDurationClaim], responses=answers(*OF_A_RECORD))
def list_relief_durations_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Estimates of how long relief lasts after a procedure."""
    return _relation(read, slug, "relief_duration", params)


@router.get("/{slug}/response-rates", response_model=ListPage[ResponseRateClaim], responses=answers(*OF_A_RECORD))
def list_response_rates_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Shares of people who respond to a procedure."""
    return _relation(read, slug, "response_rate", params)


@router.get("/{slug}/findings", response_model=ListPage[FindingClaim], responses=answers(*OF_A_RECORD))
def list_findings_of_procedure(slug: PathSlug, params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Findings on a procedure: outcome, effect, comparator, direction."""
    return _relation(read, slug, "finding", params)
