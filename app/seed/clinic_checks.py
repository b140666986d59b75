"""Checks of a clinic's edition against the content: it adds to records that there are, and says of no emergency to wait."""

import re
from collections.abc import Collection, Iterator

from app.domain.clinic import ClinicEdition
from app.text.emergency_phrases import EmergencyPhrases
from app.text.nearest import find_nearest


def find_clinic_errors(clinic: ClinicEdition, slugs: Collection[str], phrases: EmergencyPhrases) -> Iterator[str]:
    """Yield what is wrong, with its JSON pointer. `slugs` are those of the procedures of the content."""
    named = [(f"/offered/{number}", slug) for number, slug in enumerate(clinic.offered or ())]
    named += [(f"/procedures/{slug}", slug) for slug in clinic.procedures]
    for pointer, slug in named:
        if slug not in slugs:
            nearest = find_nearest(slug, sorted(slugs), limit=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            yield f"{pointer}: the content has no procedure {slug!r}{hint}"
    for pointer, sentence in clinic.iter_sentences():
        emergencies = [match.slug for match in phrases.find(sentence) if match.tier == "emergency"]
        if emergencies and not _names_number(sentence, clinic.emergency_number):
            remedy = (
                f"say in the same sentence to call {clinic.emergency_number}"
                if clinic.emergency_number
                else "set emergency_number, and say in the same sentence to call it"
            )
            yield (
                f"{pointer}: {sentence[:80]!r} tells of an emergency ({', '.join(emergencies)}); leave it to the page, "
                f"which says when to call, or {remedy}"
            )


def _names_number(sentence: str, number: str | None) -> bool:
    return number is not None and re.search(rf"\b{number}\b", sentence) is not None
