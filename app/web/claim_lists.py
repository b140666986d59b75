"""In which order and grouping statements are shown: the most certain first, the same sentence once."""

import re
from collections.abc import Iterable
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json

_RANK: Final = {"high": 0, "moderate": 1, "low": 2, "very_low": 3}
_DOTS: Final = {"high": "●●●●", "moderate": "●●●○", "low": "●●○○", "very_low": "●○○○"}
REASONS: Final = {
    "design": "kind of source",
    "beyond_quote": "partly beyond the quote",
    "commercial_source": "commercial source",
    "editorial": "editorial judgement",
}
_LICENCE: Final = re.compile(r"\b(?:off-label|(?:un)?licen[cs]ed|approved for|not approved|approval)\b", re.IGNORECASE)
# Families in which a drug is given: for these a page says whether the drug is licensed for the use.
DRUG_FAMILIES: Final = frozenset({"injection", "nerve_block", "drug_delivery"})


def ranked(claims: Iterable[Json]) -> list[Json]:
    """Claims, the most certain first, independent before commercial; otherwise as they stand."""
    return sorted(claims, key=lambda one: (_RANK[one["grade"]], _commercial(one)))


def _commercial(claim: Json) -> bool:
    return bool(claim["citations"]) and all(cited["source"]["commercial"] for cited in claim["citations"])


def dots(grade: str) -> str:
    """A grade as four dots: shape, not colour."""
    return _DOTS[grade]


def reasons(claim: Json) -> str:
    """Why the certainty of a claim is below high, in words; empty when it is high."""
    return ", ".join(REASONS.get(one, one.replace("_", " ")) for one in claim["certainty_reasons"])


def by_risk(claims: Iterable[Json]) -> list[Json]:
    """Statements on harms, each sentence once, with the harms that it names together; the most certain first."""
    found: dict[str, Json] = {}
    for claim in ranked(claims):
        one = found.setdefault(claim["statement"], {"claim": claim, "risks": [], "ids": [], "states": []})
        risk, state = claim["value"]["risk"], vocabulary.RISK_STATES[claim["value"]["state"]]
        if risk not in one["risks"]:
            one["risks"].append(risk)
        if state not in one["states"]:
            one["states"].append(state)
        one["ids"].append(claim["id"])
    return list(found.values())


def licence_statements(document: Json) -> list[Json]:
    """Claims of a procedure that speak of a drug's licence or approval."""
    return [
        claim
        for block in document.values()
        if isinstance(block, dict) and "items" in block
        for claim in block["items"]
        if isinstance(claim, dict) and _LICENCE.search(claim.get("statement", ""))
    ]


def key_sources(sources: Iterable[Json], most: int = 3) -> list[Json]:
    """The sources of best design, independent before commercial, newest first."""
    designs = list(vocabulary.DESIGNS)
    return sorted(
        sources, key=lambda one: (one["commercial"], designs.index(one["design"]), -(one["year"] or 0), one["slug"])
    )[:most]
