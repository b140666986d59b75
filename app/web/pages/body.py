"""Body map: for each part of the body the signs that need help, then its conditions with their options."""

from typing import Final

from fastapi import Response

from app.domain import vocabulary
from app.domain.json import Json
from app.errors import NotFound
from app.http.context import RequestContext
from app.queries.documents import list_documents
from app.text.nearest import find_nearest
from app.web.rendering import load_rows, page, parse_document, render_template

# Conditions whose signs are read: no part of the body has more in the shipped content.
_MAX_CONDITIONS: Final = 60


@page("/body/{region}")
def show_body_region(ctx: RequestContext, region: str) -> Response:
    """Page of a part of the body: signs that need help at once, conditions from the best described to the least, options."""
    if region not in vocabulary.BODY_REGIONS:
        nearest = find_nearest(region, list(vocabulary.BODY_REGIONS), limit=3)
        paths = tuple(f"/body/{name}" for name in nearest)
        raise NotFound(f"Unknown part of the body {region[:80]!r}.", suggestions=paths)
    label = vocabulary.BODY_REGIONS[region]
    conditions = [row for row in load_rows(ctx, "conditions") if region in row["body_regions"] and not row["stub"]]
    bodies = list_documents(ctx.transaction, "condition", [row["slug"] for row in conditions[:_MAX_CONDITIONS]])
    documents = [parse_document(ctx, bodies[row["slug"]]) for row in conditions[:_MAX_CONDITIONS]]
    return render_template(
        ctx,
        "body.html",
        title=label,
        description=f"{label}: signs that need help at once, what the pain can be, and what can be done.",
        region=region,
        signs=_list_signs(documents),
        conditions=conditions,
    )


def _list_signs(documents: list[Json]) -> list[Json]:
    """List the signs of these conditions that need help now or today, each emergency once, by tier.

    The short sign of an emergency comes first; the words of a source are added where no short sign covers them.
    """
    rows = [
        row
        for document in documents
        for row in document["when_to_call"]["items"]
        if row["tier"] in {"emergency", "same_day"}
    ]
    signs: dict[str, Json] = {}
    covered: set[tuple[str, str]] = set()
    for row in sorted(rows, key=lambda row: row["origin"] == "source"):
        emergencies = {(row["tier"], emergency["slug"]) for emergency in row["emergencies"]}
        if row["origin"] == "source" and emergencies and emergencies <= covered:
            continue
        if row["origin"] != "source":
            covered |= emergencies
        signs.setdefault(row["sign"].casefold(), row)
    return sorted(signs.values(), key=lambda row: vocabulary.CALL_TIER_RANK[row["tier"]])
