"""Rules for emergencies: their catalog, and what the content says of their signs elsewhere. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.domain import vocabulary
from app.domain.values import WhenToCallValue
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.emergency_scope import emergency_belongs_to
from app.text.emergency_phrases import EmergencyMatch, EmergencyPhrases

# What a sign says that is not there: no part of what it describes.
_ABSENT: Final = re.compile(r"\b(?:without|with no|but no|with normal|outside|other than)\b[^,;]*", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?;])\s+")
# What ends an item of a list: "drowsiness, a fit or weakness" names three signs.
_ITEM_END: Final = re.compile(r"[,;:.!?]\s|\b(?:or|and)\b")
_LESS_THAN_EMERGENCY: Final = re.compile(
    r"\b(?:call|contact|ring|phone|see|speak to|report to|notify|get in touch with)\b[^.;:]*"
    r"\b(?:clinic|doctor|gp|care team|team|nurse|surgeon|physician|specialist|provider|practice|pharmacist)\b"
    r"|\b(?:needs?|gets?|seek|seen|wants?|calls? for)\b[^.;:]*"
    r"\b(?:doctor|gp|specialist|check|appointment|today|same day|soon|within \w+ (?:hours|days|weeks))\b",
    re.IGNORECASE,
)
_EMERGENCY_HELP: Final = re.compile(r"\bemergency\b|\bambulance\b|\b(?:911|112|999)\b", re.IGNORECASE)
# Words that tell how seldom something is: a reader with the sign must not read them first.
_REASSURANCE: Final = re.compile(
    r"\b(?:rare|rarely|unlikely|uncommon|seldom|very few|low risk|not serious|harmless)\b|\b1 in \d", re.IGNORECASE
)


class EmergencyError(NamedTuple):
    """Broken rule in a record."""

    record_type: str
    slug: str
    pointer: str
    message: str


def find_emergency_errors(bundle: Bundle) -> Iterator[EmergencyError]:
    """Every emergency that is not defined as it must be, and every sign of one that is under a lower tier or in prose."""
    words = bundle.editorial.emergency_words if bundle.editorial else {}
    broken = False
    for emergency in bundle.emergencies:
        for error in _find_catalog_errors(emergency, words):
            broken = True
            yield error
    if broken or not bundle.emergencies:
        return
    yield from _find_sign_errors(bundle)
    yield from _find_untiered_errors(bundle)
    yield from _find_unlisted_risk_errors(bundle)
    yield from _find_prose_errors(bundle)


def _find_catalog_errors(emergency: seed.EmergencyIn, words: dict[str, str]) -> Iterator[EmergencyError]:
    def error(pointer: str, message: str) -> EmergencyError:
        return EmergencyError("emergency", emergency.slug, pointer, message)

    tiers = {sign.tier or emergency.tier for sign in emergency.signs}
    most_urgent = min(tiers, key=vocabulary.CALL_TIER_RANK.__getitem__)
    if most_urgent != emergency.tier:
        yield error(
            "/tier", f"its most urgent sign is {most_urgent}: the tier of an emergency is that of its most urgent sign"
        )
    for tier, texts in emergency.phrases.items():
        if tier not in tiers and emergency.action is None:
            yield error(f"/phrases/{tier}", f"no sign has the tier {tier}: a phrase needs a sign of its tier")
        for n, text in enumerate(texts):
            for name in re.findall(r"@(\w+)", text):
                if name not in words:
                    yield error(f"/phrases/{tier}/{n}", f"unknown word list @{name}: define it in editorial.json")
    shown_texts = [("/short_sign", emergency.short_sign)]
    shown_texts += [(f"/signs/{n}/text", sign.text) for n, sign in enumerate(emergency.signs)]
    shown_texts += [
        (f"/claims/{n}/statement", claim.statement)
        for n, claim in enumerate(emergency.claims)
        if claim.kind == "red_flag"
    ]
    for pointer, text in shown_texts:
        if match := _REASSURANCE.search(text):
            yield error(pointer, f"{match[0]!r} reassures: a notice names a sign or what to do")


def _find_sign_errors(bundle: Bundle) -> Iterator[EmergencyError]:
    least_urgent = {
        emergency.slug: max(
            (sign.tier or emergency.tier for sign in emergency.signs), key=vocabulary.CALL_TIER_RANK.__getitem__
        )
        for emergency in bundle.emergencies
    }
    regions = {emergency.slug: set(emergency.applies_to.body_regions) for emergency in bundle.emergencies}
    for record_type, record in bundle.records():
        for n, claim in enumerate(record.claims):
            if not isinstance(claim.value, WhenToCallValue):
                continue
            tier = claim.value.tier
            for m, slug in enumerate(claim.value.emergencies):
                # A hospital's sheet for all of its procedures has signs of the legs on a block of the head.
                if regions.get(slug) and regions[slug].isdisjoint(record.body_regions):
                    message = f"{slug!r} happens in other parts of the body: leave out it and its signs"
                    yield EmergencyError(record_type, record.slug, f"/claims/{n}/value/emergencies/{m}", message)
            for m, sign in enumerate(claim.value.signs):
                if match := find_lowered_sign(bundle.emergency_phrases, sign, tier):
                    message = f"a sign of {match.slug!r} is {match.tier}, not {tier}"
                    yield EmergencyError(record_type, record.slug, f"/claims/{n}/value/signs/{m}", message)
            for m, slug in enumerate(claim.value.emergencies):
                if (
                    slug in least_urgent
                    and vocabulary.CALL_TIER_RANK[least_urgent[slug]] < vocabulary.CALL_TIER_RANK[tier]
                ):
                    message = (
                        f"{slug!r} has no sign that is less urgent than {least_urgent[slug]}, so {tier} is too late"
                    )
                    yield EmergencyError(record_type, record.slug, f"/claims/{n}/value/emergencies/{m}", message)


def _find_untiered_errors(bundle: Bundle) -> Iterator[EmergencyError]:
    """Every sign of an emergency that a red flag, or the note of a lower tier, names and no emergency of the record has."""
    signs_by_emergency = {
        emergency.slug: find_named_emergencies(
            bundle.emergency_phrases, [emergency.short_sign, *(sign.text for sign in emergency.signs)]
        )
        for emergency in bundle.emergencies
    }
    for record_type, record in bundle.records():
        calls = [(n, claim.value) for n, claim in enumerate(record.claims) if isinstance(claim.value, WhenToCallValue)]
        flags = [(n, claim) for n, claim in enumerate(record.claims) if claim.kind == "red_flag"]
        if flags and not calls:
            message = "no claim of the kind when_to_call says how soon to get help for it: add one with its tier"
            yield EmergencyError(record_type, record.slug, f"/claims/{flags[0][0]}", message)
            continue
        shown = {slug for _, value in calls for slug in value.emergencies} | {
            emergency.slug
            for emergency in bundle.emergencies
            if emergency_belongs_to(bundle, emergency, record_type, record)
        }
        urgent = [sign for _, value in calls if value.tier == "emergency" for sign in value.signs]
        told = set().union(shown, *(signs_by_emergency.get(slug, ()) for slug in shown))
        told |= find_named_emergencies(bundle.emergency_phrases, [*urgent, " ".join(urgent)])
        texts = [(f"/claims/{n}/statement", claim.statement) for n, claim in flags]
        texts += [
            text for n, value in calls if value.tier != "emergency" for text in _iter_urgent_notes(record, n, value)
        ]
        for pointer, text in texts:
            untold: dict[str, str] = {}
            for part in _split_parts(text):
                slugs = {match.slug for match in bundle.emergency_phrases.find(part) if match.tier == "emergency"}
                if slugs and slugs.isdisjoint(told):
                    # A sentence and an item of it may name the same: the item is nearer to the sign.
                    untold[min(slugs)] = part.strip()
            for slug, part in untold.items():
                message = f"{part!r} is a sign of {slug!r}, which no emergency of this record names"
                yield EmergencyError(record_type, record.slug, pointer, message)


def _iter_urgent_notes(
    record: seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn, n: int, value: WhenToCallValue
) -> Iterator[tuple[str, str]]:
    """Yield pointer and sentence of what a claim of a lower tier says of an emergency."""
    notes = [(f"/claims/{n}/statement", record.claims[n].statement)]
    notes += [(f"/claims/{n}/value/details/{m}/text", detail.text) for m, detail in enumerate(value.details)]
    for pointer, text in notes:
        yield from ((pointer, sentence) for sentence in _SENTENCE_END.split(text) if _EMERGENCY_HELP.search(sentence))


def _find_unlisted_risk_errors(bundle: Bundle) -> Iterator[EmergencyError]:
    listed = {risk for emergency in bundle.emergencies for risk in emergency.risks}
    for risk in bundle.risks:
        # Death is the end of many emergencies and has no signs of its own.
        if risk.seriousness == "life_threatening" and risk.category != "other" and risk.slug not in listed:
            message = (
                "is life-threatening, and no emergency has it among its `risks`: its procedures show no sign of it"
            )
            yield EmergencyError("risk", risk.slug, "/seriousness", message)


def _find_prose_errors(bundle: Bundle) -> Iterator[EmergencyError]:
    for record_type, slug, pointer, text in _iter_prose(bundle):
        if match := find_misdirected_sign(bundle.emergency_phrases, text):
            message = (
                f"names a sign of {match.slug!r} and sends readers to less than emergency help:"
                " state it as a claim of the kind when_to_call"
            )
            yield EmergencyError(record_type, slug, pointer, message)


def find_misdirected_sign(phrases: EmergencyPhrases, text: str) -> EmergencyMatch | None:
    """Find the first emergency whose sign a text names and sends to less than emergency help."""
    before = ""
    for sentence in _SENTENCE_END.split(text):
        # "Your leg gets weak? Call the clinic." names the sign in the sentence before.
        if _LESS_THAN_EMERGENCY.search(sentence) and not _EMERGENCY_HELP.search(before + sentence):
            matches = phrases.find(_ABSENT.sub("", sentence)) or phrases.find(_ABSENT.sub("", before))
            if matches and matches[0].tier == "emergency":
                return matches[0]
        before = sentence
    return None


def find_lowered_sign(phrases: EmergencyPhrases, sign: str, tier: str) -> EmergencyMatch | None:
    """Find an emergency that a sign, or an item of a list in it, names and that is more urgent than its tier."""
    rank = vocabulary.CALL_TIER_RANK
    matches = (match for part in _split_parts(sign) for match in phrases.find(part))
    return next((match for match in matches if rank[match.tier] < rank[tier]), None)


def find_named_emergencies(phrases: EmergencyPhrases, texts: Iterable[str]) -> set[str]:
    """Find the emergencies that texts, or items of lists in them, name."""
    return {match.slug for text in texts for part in _split_parts(text) for match in phrases.find(part)}


def _split_parts(text: str) -> list[str]:
    """Split a text into its sentences and the items of its lists, without what it says is absent."""
    present = [_ABSENT.sub("", sentence) for sentence in _SENTENCE_END.split(text)]
    return [*present, *(item for sentence in present for item in _ITEM_END.split(sentence))]


def _iter_prose(bundle: Bundle) -> Iterator[tuple[str, str, str, str]]:
    """Yield record type, slug, pointer and text of everything that a page shows to patients in words."""
    for record_type, record in bundle.records():
        yield from ((record_type, record.slug, f"/texts/{name}/text", text.text) for name, text in record.texts.items())
        for n, message in enumerate(record.key_messages):
            yield record_type, record.slug, f"/key_messages/{n}/text", message.text
        for n, relation in enumerate(record.related if isinstance(record, seed.ProcedureIn) else ()):
            yield record_type, record.slug, f"/related/{n}/reason", relation.reason or ""
        for n, entry in enumerate(record.not_found):
            yield record_type, record.slug, f"/not_found/{n}/searched", "; ".join(entry.searched)
    for page in bundle.guide:
        yield "guide_page", page.slug, "/summary/text", page.summary.text
        for n, section in enumerate(page.items):
            yield "guide_page", page.slug, f"/items/{n}/text", f"{section.heading}. {section.text}"
    for risk in bundle.risks:
        yield "risk", risk.slug, "/description", risk.description
    stated: Iterable[tuple[str, seed.RecordIn | seed.GuidePageIn | seed.EmergencyIn]] = (
        *bundle.records(),
        *(("guide_page", page) for page in bundle.guide),
        *(("emergency", emergency) for emergency in bundle.emergencies),
    )
    for record_type, subject in stated:
        for n, claim in enumerate(subject.claims):
            yield record_type, subject.slug, f"/claims/{n}/statement", claim.statement
