"""Claim lists on pages: the order of the record, each sentence once."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.json import Json

_LICENSE_PATTERN: Final = re.compile(
    r"\b(?:off-label|(?:un)?licen[cs]ed|approved for|not approved|approval)\b", re.IGNORECASE
)
# Families that give a drug: their pages say whether the drug is licensed for this use.
DRUG_FAMILIES: Final = frozenset({"injection", "nerve_block", "drug_delivery"})


class Section(NamedTuple):
    """Section of a record page: claims of one kind under a heading."""

    # Block of its claims.
    name: str
    id: str
    heading: str
    block: Json
    limit: int

    @property
    def id_and_heading(self) -> tuple[str, str]:
        """Entry in the table of contents."""
        return self.id, self.heading


def list_sections(record: Json, part: str) -> list[Section]:
    """List the sections in a part of a record page; for an empty `part`, those that are parts of their own.

    Leaves out what its template shows itself, what does not apply, and unknown blocks that the page need not mention.
    """
    sections = []
    for row in CLAIM_KINDS_BY_RECORD_TYPE[record["type"]]:
        page_section, block = row.sections[record["type"]], record[row.block]
        is_shown = block["status"] not in {"unknown", "not_applicable"} or (
            page_section.says_unknown and block["status"] == "unknown"
        )
        if page_section.part == part and is_shown and not page_section.in_template:
            sections.append(
                Section(row.block, row.block.replace("_", "-"), page_section.heading, block, page_section.limit)
            )
    return sections


def group_harm_statements(claims: Iterable[Json]) -> list[Json]:
    """Group harm claims by statement, the most serious first: claim, seriousness, risks, claim ids and state labels of each."""
    groups: dict[str, Json] = {}
    # Details list the claims on harms from the most to the least serious.
    for claim in claims:
        empty = {"seriousness": claim["value"]["seriousness"], "claim": claim, "risks": [], "ids": [], "states": []}
        group = groups.setdefault(claim["statement"], empty)
        risk, state = claim["value"]["risk"], vocabulary.RISK_STATES[claim["value"]["state"]]
        if risk not in group["risks"]:
            group["risks"].append(risk)
        if state not in group["states"]:
            group["states"].append(state)
        group["ids"].append(claim["id"])
    return list(groups.values())


def find_license_statements(procedure: Json) -> list[Json]:
    """Find the claims of a procedure about a drug's license or approval."""
    return [claim for claim in iter_claims(procedure) if _LICENSE_PATTERN.search(claim["statement"])]


def iter_claims(record: Json) -> Iterator[Json]:
    """Yield the claims in the blocks of a record."""
    for kind in CLAIM_KINDS_BY_RECORD_TYPE[record["type"]]:
        yield from record[kind.block]["items"]


def select_key_sources(sources: Iterable[Json]) -> list[Json]:
    """Select the three newest sources, independent before commercial ones."""

    def rank(source: Json) -> tuple[bool, int, str]:
        return source["commercial"], -(source["year"] or 0), source["slug"]

    return sorted(sources, key=rank)[:3]
