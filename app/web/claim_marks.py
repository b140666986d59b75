"""Marks: small numbers on a patient page, each the number of a claim on the evidence page of the record."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from markupsafe import Markup, escape

from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.json import Json

# Parts of the evidence pages, in page order; a section that is a part of its own comes after these.
_PARTS: Final = ("urgent", "what", "care", "before", "day", "benefit", "harms", "evidence", "afterwards", "call")
_MAX_NUMBERS: Final = 3


def number_claims(record: Json) -> dict[str, int]:
    """Number the claims that an evidence page shows: those of the record in page order, then cited ones of other records."""

    def rank(kind_block: tuple[str, str]) -> int:
        part = kind_block[1]
        return _PARTS.index(part) if part in _PARTS else len(_PARTS)

    blocks = [(row.block, row.sections[record["type"]].part) for row in CLAIM_KINDS_BY_RECORD_TYPE[record["type"]]]
    own = [claim["id"] for block, _ in sorted(blocks, key=rank) for claim in record[block]["items"]]
    return {claim_id: n for n, claim_id in enumerate(dict.fromkeys([*own, *_iter_cited(record)]), 1)}


def list_foreign_claims(record: Json, numbers: Mapping[str, int]) -> list[str]:
    """List the ids of numbered claims that belong to other records."""
    own = {claim["id"] for row in CLAIM_KINDS_BY_RECORD_TYPE[record["type"]] for claim in record[row.block]["items"]}
    return [claim_id for claim_id in numbers if claim_id not in own]


def _iter_cited(record: Json) -> Iterator[str]:
    """Yield the claims behind the texts, positions, harms and contraindications that a patient page shows."""
    for text in record["texts"].values():
        for paragraph in text["items"]:
            yield from paragraph["claims"]
    if record["type"] == "procedure":
        yield from (row["claim"] for row in record["positions"]["items"])
        for row in (*record["serious_risks"]["items"], *record["risk_groups"]["items"]):
            yield from row["claims"]
        for row in (*record["forms"]["risks"], *record["forms"]["contraindications"]):
            yield from row["claims"]


def build_mark(numbers: Mapping[str, int], url: str) -> Callable[[Iterable[str]], Markup]:
    """Build the function that renders the mark of some claims: their numbers, with a link to the first on `url`."""

    def mark(claim_ids: Iterable[str]) -> Markup:
        ids = [claim_id for claim_id in dict.fromkeys(claim_ids) if claim_id in numbers]
        if not ids:
            return Markup("")
        ids.sort(key=numbers.__getitem__)
        shown = ",".join(str(numbers[claim_id]) for claim_id in ids[:_MAX_NUMBERS])
        more = "…" if len(ids) > _MAX_NUMBERS else ""
        label = "Evidence " + ", ".join(str(numbers[claim_id]) for claim_id in ids)
        return Markup('<sup class="mark"><a href="{}#{}" aria-label="{}">{}</a></sup>').format(
            escape(url), escape(ids[0]), label, shown + more
        )

    return mark
