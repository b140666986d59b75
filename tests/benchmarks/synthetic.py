"""Synthetic release of N procedures, generated deterministically: the same N gives the same content everywhere.

It has the structure of the real content (relations, estimates, risks, sources) with meaningless sentences. The same loader
writes its documents, lists and tables. `python -m benchmarks.synthetic URL N` loads it.
"""

import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import shake_128
from struct import unpack
from typing import Any, Final

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.domain import values, vocabulary
from app.domain.values import Qualifiers
from app.loader.content import CheckedContent
from app.loader.writer import write_content
from app.read_model.graph import build_graph
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.diff import History

_SYLLABLES: Final = ("ba", "co", "di", "fe", "go", "hu", "ka", "li", "mo", "ne", "pu", "ra", "si", "to", "vu", "za")
_FAMILIES: Final = tuple(vocabulary.PROCEDURE_FAMILIES)
_REGIONS: Final = tuple(vocabulary.BODY_REGIONS)
_VERSION: Final = "1.0.0"
_NO_QUALIFIERS: Final = Qualifiers()
# Records share equal values as one object, defaults included: that saves a gigabyte at 100 000 procedures.
_EMPTY: Final[list[Any]] = []
_CLAIM_FIELDS: Final = {"id", "kind", "statement", "value", "citations"}
_PROCEDURE_FIELDS: Final = {
    *("slug", "name", "patient_name", "claims", "texts", "family", "intents", "body_regions", "implant", "names")
}
_TEXT_FIELDS: Final = {"text", "claims"}
_INTENTS: Final = ["therapeutic"]
_REGION_LISTS: Final = [[region] for region in _REGIONS]


@lru_cache(maxsize=10_000)
def build_word(number: int) -> str:
    """Build a made-up word: unique, and short for small numbers."""
    text = ""
    number += 16
    while number:
        number, digit = divmod(number, 16)
        text += _SYLLABLES[digit]
    return text


def _build_sentence(seed_number: int, count: int) -> str:
    """Build a sentence in which few words are frequent and most are rare, as in a language."""
    chances = unpack(f"<{count}H", shake_128(seed_number.to_bytes(8)).digest(2 * count))
    return " ".join(map(_pick_word, chances))


@cache
def _pick_word(chance: int) -> str:
    share = chance / 65536
    return build_word(int(4000 ** (share * share * 1.1)) % 4000)


@cache
def _build_target(generator: str, role: str) -> values.TargetValue:
    return values.TargetValue(pain_generator=generator, role=role)


@cache
def _build_indication(condition: str) -> values.IndicationValue:
    return values.IndicationValue(condition=condition, role="treats")


@cache
def _build_risk(risk: str, observed: int) -> values.ProcedureRiskValue:
    return values.ProcedureRiskValue(risk=risk, phrase=risk, state="known", observed=observed, n=1000, per="people")


@cache
def _build_relief(months: int) -> values.ReliefDurationValue:
    return values.ReliefDurationValue(
        measure="duration",
        statistic="range",
        intent="therapeutic",
        magnitude="month",
        min=f"P{months}M",
        max=f"P{months + 3}M",
        label=f"{months} to {months + 3} months",
    )


@cache
def _build_citations(number: int) -> list[seed.CitationIn]:
    return [seed.CitationIn(source=f"source-{number}")]


def _build_claim(
    claim_id: str,
    claim_kind: str,
    statement: str,
    value: Any,
    source: int,
) -> Any:
    return seed.CLAIM_CLASSES[claim_kind].model_construct(
        _fields_set=_CLAIM_FIELDS,
        id=claim_id,
        kind=claim_kind,
        statement=statement,
        value=value,
        qualifiers=_NO_QUALIFIERS,
        support="quote",
        reason=None,
        citations=_build_citations(source),
    )


def _build_procedure(number: int, generators: int, conditions: int, sources: int, risks: int) -> seed.ProcedureIn:
    slug = f"procedure-{number}"
    statement = _build_sentence(number, 14)
    generator, condition = number % generators, (number * 7) % conditions
    other_generator, other_risk = (number * 13 + 1) % generators, (number * 11 + 3) % risks
    claims = [
        _build_claim(f"{slug}--t", "target", statement, _build_target(f"generator-{generator}", "treats"), number % sources),
        _build_claim(f"{slug}--u", "target", statement, _build_target(f"generator-{other_generator}", "diagnoses"), number % sources),
        _build_claim(f"{slug}--i", "indication", statement, _build_indication(f"condition-{condition}"), (number + 1) % sources),
        _build_claim(f"{slug}--r", "procedure_risk", statement, _build_risk(f"risk-{number % risks}", number % 50 + 1), (number + 2) % sources),
        _build_claim(f"{slug}--s", "procedure_risk", statement, _build_risk(f"risk-{other_risk}", number % 9 + 1), number % sources),
        _build_claim(f"{slug}--d", "relief_duration", statement, _build_relief(number % 24 + 1), (number + 3) % sources),
    ]  # fmt: skip
    text = seed.TextIn.model_construct(
        _fields_set=_TEXT_FIELDS, text=_build_sentence(number + 7_000_000, 24), claims=[claims[0].id]
    )
    name = f"{build_word(number % 4000)} {build_word(number // 7)} {number}".capitalize()
    return seed.ProcedureIn.model_construct(
        _fields_set=_PROCEDURE_FIELDS,
        slug=slug,
        name=name,
        patient_name=name,
        names=_EMPTY,
        patient_phrases=_EMPTY,
        body_regions=_REGION_LISTS[number % len(_REGIONS)],
        texts={"summary": text},
        family=_FAMILIES[number % len(_FAMILIES)],
        intents=_INTENTS,
        implant=number % 5 == 0,
        claims=claims,
        schema_="",
        former_slugs=_EMPTY,
        broader=_EMPTY,
        key_messages=_EMPTY,
        not_applicable=_EMPTY,
        related=_EMPTY,
    )


def _build_sources(count: int) -> Iterator[seed.SourceIn]:
    designs = tuple(vocabulary.DESIGNS)
    for n in range(count):
        yield seed.SourceIn(
            slug=f"source-{n}",
            title=f"Study {build_word(n)} {n}".capitalize(),
            design=designs[n % 9],
            year=1990 + n % 35,
        )


def build_synthetic_content(count: int) -> CheckedContent:
    """Build checked content of `count` procedures. Linked records are fewer, so that lists of linked procedures grow too."""
    generators = conditions = min(2000, max(8, count // 2))
    sources, risks = min(4000, 4 * generators), min(60, max(8, count // 10))
    bundle = Bundle(content_hash=f"{count:064x}")
    bundle.sources = list(_build_sources(sources))
    bundle.risks = [
        seed.RiskIn(
            slug=f"risk-{n}",
            name=f"Risk {build_word(n)} {n}",
            lay_name=f"{build_word(n)}",
            category="other",
            seriousness=tuple(vocabulary.SERIOUSNESS)[n % 4],
            seriousness_reason="x",
            description="x",
        )
        for n in range(risks)
    ]
    bundle.pain_generators = [
        seed.PainGeneratorIn(
            slug=f"generator-{n}", name=f"Generator {build_word(n)} {n}", patient_name=f"Generator {n}", kind="joint"
        )
        for n in range(generators)
    ]
    bundle.conditions = [
        seed.ConditionIn(slug=f"condition-{n}", name=f"Condition {build_word(n)} {n}", patient_name=f"Condition {n}")
        for n in range(conditions)
    ]
    bundle.procedures = [
        _build_procedure(n, generators, conditions, sources, risks) for n in sorted(range(count), key=str)
    ]
    bundle.about = seed.About(
        title="Synthetic release",
        publisher="procedure-kb benchmark",
        license="none",
        license_url="none",
        attribution="none",
        notice="Made-up content for measuring.",
        review=seed.ContentReviewIn(status="made up", review_due="2100-01-01"),
        update_policy="none",
        funding="none",
        authors="none",
    )
    ranks = [seed.FamilyRankIn(family=family, reason="order of the list") for family in vocabulary.PROCEDURE_FAMILIES]
    bundle.editorial = seed.Editorial(invasiveness=ranks)
    release = seed.ReleaseFile(
        version=_VERSION, date="2026-01-01", title="Synthetic", content_hash=bundle.content_hash, changes=[]
    )
    bundle.releases = [release]
    graph = build_graph(bundle, _VERSION, History({}, {}, [_VERSION]), set())
    return CheckedContent(_VERSION, "2026-01-01", f"{count:016x}", False, bundle, graph, [release], [])


def load_synthetic(url: str, count: int) -> CheckedContent:
    """Load a synthetic release into a database, migrated first if needed. Returns its content."""
    content = build_synthetic_content(count)
    engine = create_write_engine(url)
    migrate(engine)
    write_content(engine, content)
    engine.dispose()
    return content


if __name__ == "__main__":
    load_synthetic(sys.argv[1], int(sys.argv[2]))
