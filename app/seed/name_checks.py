"""Rules for names: a name leads to one record, and never to a record that leaves an emergency unsaid. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from app.domain.record_types import get_label
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.text.normalize import normalize
from app.text.readability import count_syllables

# Words in parentheses are the clinical name beside the everyday one.
_PARENTHESES: Final = re.compile(r"\([^)]*\)")
_CLINICAL_ENDING: Final = re.compile(r"(?:tomy|stomy|plasty|lysis|pathy|algia|dynia|laminar|foraminal)$")
# A word of so many syllables is clinical, or hard to read.
_LONG_WORD_SYLLABLES: Final = 5


class RefusedName(NamedTuple):
    """Name that is refused: its record, its JSON pointer in the record, and why."""

    record_type: str
    slug: str
    pointer: str
    message: str


class _Name(NamedTuple):
    record_type: str
    slug: str
    pointer: str
    text: str
    ambiguous: bool = False


def find_shared_names(bundle: Bundle) -> Iterator[RefusedName]:
    """Names of several records, of whatever type, that not all of them mark as ambiguous."""
    names_by_text: dict[str, list[_Name]] = defaultdict(list)
    for name in _iter_names(bundle):
        names_by_text[normalize(name.text)].append(name)
    for same_text in names_by_text.values():
        records = sorted({(name.record_type, name.slug) for name in same_text})
        preferred_types = {name.record_type for name in same_text if name.pointer == "/name"}
        for name in same_text:
            others = [other for other in records if other != (name.record_type, name.slug)]
            # The preferred name stays, unless a record of another type has it too: those of one type are duplicates.
            stays = name.pointer == "/name" and preferred_types == {name.record_type}
            if others and not name.ambiguous and not stays:
                named = ", ".join(f"{get_label(record_type)} {slug!r}" for record_type, slug in others)
                remedy = "remove it where it misleads, or mark it as ambiguous in each"
                yield RefusedName(*name[:3], f"{name.text!r} is a name of {named} too: {remedy}")
            elif name.ambiguous and not others:
                yield RefusedName(*name[:3], f"no other record has the name {name.text!r}: it is not ambiguous")


def find_clinical_names(bundle: Bundle) -> Iterator[RefusedName]:
    """Names for patients that patients do not use: clinical words, or none but those in parentheses."""
    for record_type, record in bundle.records():
        everyday_words = _PARENTHESES.sub(" ", record.patient_name).split()
        clinical_words = find_clinical_words(record.patient_name)
        if clinical_words or not everyday_words:
            words = ", ".join(map(repr, clinical_words)) or "nothing but parentheses"
            message = (
                f"too clinical for patients: {words}; use everyday words, and put the clinical name in parentheses"
            )
            yield RefusedName(record_type, record.slug, "/patient_name", message)


def find_clinical_words(text: str) -> list[str]:
    """List the clinical words of a name for patients, outside its parentheses."""
    words = normalize(_PARENTHESES.sub(" ", text)).split()
    return [word for word in words if count_syllables(word) >= _LONG_WORD_SYLLABLES or _CLINICAL_ENDING.search(word)]


def find_emergency_names(bundle: Bundle) -> Iterator[RefusedName]:
    """Names that say an emergency of records to which the catalog does not apply it. Harms may be named so."""
    catalog = {emergency.slug: emergency for emergency in bundle.emergencies}
    records = {(record_type, record.slug): record for record_type, record in bundle.records()}
    for name in _iter_names(bundle):
        record = records.get((name.record_type, name.slug))
        for match in bundle.emergency_phrases.find(name.text) if record else ():
            if not _applies_to(catalog[match.slug].applies_to, record):
                remedy = "remove it, or list the record in applies_to of the emergency, whose signs it then shows"
                yield RefusedName(*name[:3], f"{name.text!r} says the emergency {match.slug!r}: {remedy}")


def _applies_to(applies_to: seed.AppliesToIn, record: seed.RecordIn | None) -> bool:
    match record:
        case seed.ProcedureIn():
            return record.slug in applies_to.procedures or record.family in applies_to.families
        case seed.ConditionIn():
            return record.slug in applies_to.conditions
        case seed.PainGeneratorIn():
            return record.slug in applies_to.pain_generators
    return False


def _iter_names(bundle: Bundle) -> Iterator[_Name]:
    """Yield every name but those of guide pages and emergencies."""
    for record_type, record in bundle.records():
        yield _Name(record_type, record.slug, "/name", record.name)
        if normalize(record.patient_name) != normalize(record.name):
            yield _Name(record_type, record.slug, "/patient_name", record.patient_name)
        for n, name in enumerate(record.names):
            yield _Name(record_type, record.slug, f"/names/{n}", name.text, name.ambiguous)
    for risk in bundle.risks:
        yield _Name("risk", risk.slug, "/name", risk.name)
        yield _Name("risk", risk.slug, "/lay_name", risk.lay_name)
        for n, text in enumerate(risk.names):
            yield _Name("risk", risk.slug, f"/names/{n}", text)
