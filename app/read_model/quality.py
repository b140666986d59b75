"""What is known and how well, and where sources part: figures over the whole content and for each record."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from statistics import median
from typing import Final, NamedTuple

from pydantic import BaseModel

from app.domain import vocabulary
from app.domain.blocks import BLOCK_OF_KIND, KINDS_OF_TYPE
from app.domain.json import Json
from app.read_model.claims_json import dump, link
from app.read_model.conflicts import conflicts_of
from app.read_model.grading import best_source, relief_days
from app.read_model.graph import Index
from app.read_model.readability import FORMULAS, reading_grades
from app.seed import schema as seed

WEAK = frozenset({"patient_education"})


def quality_json(index: Index) -> bytes:
    """What `quality` finds as one document: not dumped again, because of 100 000 procedures it has 70 megabytes."""
    head, records = quality(index)
    return b"".join([dump(head)[:-1], b',"records":', records, b"}"])


def quality(index: Index) -> tuple[Json, bytes]:
    """Coverage of all records together, and of every one of them as JSON.

    Shares are of claims, from 0 to 1; null where there is no claim.
    """
    whole = [_fact(index, claim) for page in index.content.guide for claim in page.claims]
    grades: dict[str, list[float]] = {name: [] for name in FORMULAS}
    count, records = 0, BytesIO()
    for kind, record in sorted(index.content.records(), key=lambda one: (one[0], index.sort_key(one[0], one[1].slug))):
        # Each claim is looked at once, for its record and for all together.
        facts = [_fact(index, claim) for claim in record.claims]
        whole += facts
        grade = reading_grades(_for_patients(record))
        for name, value in (grade or {}).items():
            grades[name].append(value)
        # As JSON at once, in one piece: as objects they would weigh most of all that a load holds.
        records.write(b"," if count else b"[")
        records.write(dump(_of_record(index, kind, record, facts, grade or dict.fromkeys(FORMULAS))))
        count += 1
    records.write(b"]" if count else b"[]")
    medians = {name: round(median(found), 1) if found else None for name, found in grades.items()}
    joined = {condition for condition, _, _ in index.origins}
    targeted = {edge.procedure for edge in index.targets}
    treated = {above for edge in index.indications for above in index.ancestors["condition"][edge.other]}
    described = [one for one in index.content.conditions if not one.stub]
    head = {
        "overall": _shares(whole) | {"reading_grade": medians, "records": count},
        "gaps": {
            "conditions_without_generator": [
                index.ref("condition", one.slug) for one in described if one.slug not in joined
            ],
            "conditions_without_procedure": [
                index.ref("condition", one.slug) for one in index.content.conditions if one.slug not in treated
            ],
            "procedures_without_target": [
                index.ref("procedure", one.slug) for one in index.content.procedures if one.slug not in targeted
            ],
            "procedures_without_typical_relief": [
                index.ref("procedure", one.slug)
                for one in index.content.procedures
                if not any((one.slug, intent) in index.typical for intent in vocabulary.INTENTS)
            ],
        },
    }
    return head, records.getvalue()


def _of_record(index: Index, kind: str, record: seed.Record, facts: "list[_Fact]", grade: Json) -> Json:
    have = {claim.kind for claim in record.claims}
    unknown = [
        BLOCK_OF_KIND[one]
        for one in KINDS_OF_TYPE[kind]
        if one not in have and BLOCK_OF_KIND[one] not in record.not_applicable
    ]
    return {
        "record": index.ref(kind, record.slug),
        **_shares(facts),
        "reading_grade": grade,
        "unknown_blocks": unknown,
        "texts": sorted(record.texts),
        "links": {"self": link(f"/v1/{kind.replace('_', '-')}s/{record.slug}")},
    }


def _for_patients(record: seed.Record) -> list[str]:
    texts = [text.text for name, text in record.texts.items() if name != "clinical"]
    return texts + [text.text for text in record.key_messages]


class _Fact(NamedTuple):
    """What a claim adds to the figures: of its best source, and whether it has a number."""

    weak: bool
    commercial: bool
    year: int | None
    numeric: bool


def _fact(index: Index, claim: seed.AnyClaim) -> _Fact:
    source = best_source(claim, index.sources)
    return _fact_of(source.design in WEAK, source.commercial, source.year, _has_number(claim.value.__dict__.values()))


# There are few that differ.
_fact_of = lru_cache(maxsize=1000)(_Fact)


def _shares(facts: list[_Fact]) -> Json:
    count = len(facts)
    return {
        "claims": count,
        "better_than_patient_education": _share(sum(not one.weak for one in facts), count),
        "commercial": _share(sum(one.commercial for one in facts), count),
        "with_figures": _share(sum(one.numeric for one in facts), count),
        "oldest_source": min((one.year for one in facts if one.year is not None), default=None),
    }


def _share(part: int, whole: int) -> float | None:
    return None if not whole else round(part / whole, 4)


_NUMBERS: Final = frozenset({int, float})
_NOTHING_IN_IT: Final = frozenset({str, bool, type(None)})


def _has_number(parts: Iterable[object]) -> bool:
    """Whether one of the parts, or anything in it, is a number (true and false are none)."""
    types = set(map(type, parts))
    if types <= _NOTHING_IN_IT:
        return False
    return not types.isdisjoint(_NUMBERS) or any(
        _has_number(part.__dict__.values() if isinstance(part, BaseModel) else part)
        for part in parts
        if isinstance(part, BaseModel | list)
    )


def disagreements_document(index: Index) -> Json:
    """Where like estimates part most, and where bodies or studies contradict each other."""
    opposed = []
    # A family's broader record stands for its forms: the bodies of all of them are set side by side there.
    members: dict[str, list[seed.Record]] = defaultdict(list)
    for procedure in index.content.procedures:
        for above in index.ancestors["procedure"][procedure.slug]:
            members[above].append(procedure)
    for kind, record in index.content.records():
        forms = members[record.slug] if kind == "procedure" else [record]
        for conflict in conflicts_of([claim for one in forms for claim in one.claims]):
            opposed.append({"record": index.ref(kind, record.slug), **_told(index, conflict)})
    opposed.sort(
        key=lambda one: (
            -len({side["position"] for side in one["sides"]}),
            -sum(len(side["claims"]) for side in one["sides"]),
            one["record"]["slug"],
            one["about"],
        )
    )
    return {"estimates": _parting(index), "contradictions": opposed}


def _told(index: Index, conflict: Json) -> Json:
    sides = [
        {
            "position": side["position"],
            "claims": [_brief(index, claim) for claim in side["claims"]],
        }
        for side in conflict["sides"]
    ]
    return {"about": conflict["about"], "axis": conflict["axis"], "sides": sides}


def _brief(index: Index, claim_id: str) -> Json:
    kind, slug, claim, _ = index.claims[claim_id]
    source = best_source(claim, index.sources)
    return {
        "id": claim_id,
        "subject": index.ref(kind, slug),
        "statement": claim.statement,
        "design": source.design,
        "year": source.year,
        "population": claim.qualifiers.population,
        "comparator": claim.qualifiers.comparator,
        "links": {"self": link(f"/v1/claims/{claim_id}")},
    }


def _parting(index: Index) -> list[Json]:
    """Groups of like estimates (same procedure, intent, measure, and kind of definition), those that part most first."""
    groups: dict[tuple[str, str, str, str], list[tuple[float, str]]] = defaultdict(list)
    for _, slug, claim, _ in index.of_class[seed.ReliefDurationClaim]:
        value = claim.value
        if (days := relief_days(value)) is not None:
            if value.min is None and value.max is None:
                continue
            defined = "defined" if claim.qualifiers.definition else "not defined"
            groups[slug, value.intent, value.measure, defined].append((days, claim.id))
    rows = []
    for (slug, intent, measure, defined), found in groups.items():
        low, high = min(found), max(found)
        if len(found) > 1 and high[0] > low[0]:
            rows.append(
                {
                    "procedure": index.ref("procedure", slug),
                    "intent": intent,
                    "measure": measure,
                    "definition": defined,
                    "ratio": round(high[0] / low[0], 2),
                    "shortest": _brief(index, low[1]),
                    "longest": _brief(index, high[1]),
                    "estimates": sorted(claim for _, claim in found),
                }
            )
    return sorted(rows, key=lambda row: (-row["ratio"], row["procedure"]["slug"], row["intent"], row["measure"]))
