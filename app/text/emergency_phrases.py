"""Emergencies that a text describes in any wording, misspelled words included.

A phrase is a list of slots that match in any order: each is a set of words, of which the text must have one.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.text.normalize import normalize
from app.text.stems import stem_words

# All ways to say that something cannot be done, as `normalize` leaves them.
_CANNOT: Final = re.compile(
    r"\b(?:"
    r"(?:is|are|was|were|am|have|has|had)(?: ?not| ?n ?t)(?: been)? (?:being )?able(?: to)?"
    r"|(?:isn|aren|wasn|weren|hasn|haven|hadn|ain) ?t (?:been |being )?able(?: to)?"
    r"|(?:not|never|no longer|stopped|stops) (?:been |being )?able(?: to)?"
    r"|unable(?: to)?|inability(?: to)?|incapable(?: of)?|impossible(?: to)?|powerless(?: to)?"
    r"|(?:lost|loss of|losing|lose) (?:the |my |all |his |her )?(?:ability|power) to"
    r"|can ?not|can ?t|cant|carnt|canot|cannt|cany|could ?not|couldn ?t|couldnt|cudnt|cud not|won ?t|will not|wouldn ?t"
    r"|wouldnt|no longer|not any ?more"
    r"|(?:(?:do|does|did) ?not|(?:don|doesn|didn) ?t)"
    r"(?= (?:move|work|feel|wake|respond|lift|bend|open|close|pass|stay|stop)\b)"
    r")(?: longer)?(?=\s|$)"
)
# "is week", "feels week": the word that sounds the same is meant.
_WEEK_FOR_WEAK: Final = re.compile(
    r"\b(is|are|was|were|feels?|feeling|felt|gone|goes|going|went|getting|gets?|got|becoming|very|so|too|really) week\b"
    r"(?! (?:\d|one|two|three|four|five|six|of|on|in|ago|later|before|after)\b)"
)
# What follows the name of an aid and says what it is for.
_PURPOSES: Final = frozenset({"for", "to", "on", "about", "against"})
# Shorter words are never corrected by letters: changing one makes a different word.
_MIN_CORRECTABLE_LENGTH: Final = 5
_MIN_LENGTH_FOR_TWO_EDITS: Final = 8
# Shorter words are never corrected by sound, or only to a word that sounds the same.
_MIN_SOUND_LENGTH: Final = 4
_MIN_LENGTH_FOR_NEAR_SOUND: Final = 7
_MAX_ADJACENT: Final = 3
# What people write beside the name of an emergency when they look it up.
_FILLERS: Final = frozenset(
    stem
    for word in [
        "a",
        "an",
        "the",
        "of",
        "in",
        "with",
        "is",
        "are",
        "my",
        "what",
        "how",
        "do",
        "i",
        "know",
        "if",
        "have",
        "has",
        "am",
        "having",
        "think",
        "symptom",
        "sign",
        "help",
    ]
    for stem in stem_words(word)
)
_SOUNDS: Final = (
    *((re.compile(pattern), sound) for pattern, sound in (("ph", "f"), ("y", "i"), ("ck|q", "k"), ("rh", "r"))),
    *((re.compile(pattern), sound) for pattern, sound in (("c(?=[ei])", "s"), ("c", "k"), ("z", "s"), ("mb$", "m"))),
    *((re.compile(pattern), sound) for pattern, sound in (("x", "ks"), ("ea|ee|ie|ei", "e"), ("ou|au", "u"))),
    *((re.compile(pattern), sound) for pattern, sound in (("e$", ""), (r"(.)\1+", r"\1"))),
)


def _sound_form(word: str) -> str:
    """Spelling by sound: words that sound alike have the same form."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


class EmergencyMatch(NamedTuple):
    """Emergency that a text describes, and how soon to get help for the signs that it names."""

    slug: str
    tier: str


class _Phrase(NamedTuple):
    slots: tuple[frozenset[str], ...]
    # Whether the text may have no further words.
    is_whole_text: bool
    # Whether people also live with these signs for long.
    can_last: bool
    match: EmergencyMatch


@dataclass(frozen=True)
class EmergencyPhrases:
    """Phrases of all emergencies."""

    phrases: tuple[_Phrase, ...]
    # Words of the phrases as spelled.
    words: frozenset[str]
    # Tiers, the most urgent first.
    tiers: tuple[str, ...]
    # Things that one wears or does for what lasts, and kinds of advice.
    aids: frozenset[str]
    advice: frozenset[str]
    # Words that say how new something is, that something befalls a person, and since when.
    recent: frozenset[str]
    reports: frozenset[str]
    onsets: frozenset[str]

    @cached_property
    def _phrases_by_term(self) -> dict[str, list[int]]:
        """Term -> indexes of the phrases with that term in their narrowest slot: no other phrase can match."""
        by_term: dict[str, list[int]] = {}
        for index, phrase in enumerate(self.phrases):
            for term in min(phrase.slots, key=len):
                by_term.setdefault(term, []).append(index)
        return by_term

    @cached_property
    def _adjacent_terms(self) -> frozenset[str]:
        return frozenset(term for phrase in self.phrases for slot in phrase.slots for term in slot if " " in term)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(
            stem for phrase in self.phrases for slot in phrase.slots for term in slot for stem in term.split()
        )

    @cached_property
    def _correctable_words(self) -> list[str]:
        return sorted(word for word in self.words if len(word) >= _MIN_CORRECTABLE_LENGTH)

    @cached_property
    def _words_by_sound(self) -> dict[str, str]:
        return {_sound_form(word): word for word in sorted(self.words) if len(word) >= _MIN_SOUND_LENGTH}

    def find(self, text: str, known_words: Collection[str] | None = None) -> list[EmergencyMatch]:
        """Find the emergencies that a text describes, each once with its most urgent tier; the most urgent first.

        Words that are in neither `known_words` nor a phrase are corrected; with `known_words` None, none are.
        """
        words = _normalize(text).split()
        if known_words is not None:
            words = [
                word if word in known_words or self._is_of_phrase(word) else self._correct(word, known_words) or word
                for word in words
            ]
        words, is_for_lasting = self._drop_aid(words)
        stems = [stem for word in words for stem in stem_words(word)]
        terms = set(stems)
        for length in range(2, _MAX_ADJACENT + 1):
            terms |= self._adjacent_terms.intersection(
                " ".join(stems[start : start + length]) for start in range(len(stems) - length + 1)
            )
        indexes = sorted({index for term in terms for index in self._phrases_by_term.get(term, ())})
        found: dict[str, tuple[int, int]] = {}
        for phrase in map(self.phrases.__getitem__, indexes):
            if (
                all(not terms.isdisjoint(slot) for slot in phrase.slots)
                and (not phrase.is_whole_text or _covers(phrase.slots, stems))
                and not (phrase.can_last and is_for_lasting)
            ):
                # The more words a phrase needs, the closer the text is to the emergency.
                rank = self.tiers.index(phrase.match.tier), -len(phrase.slots)
                found[phrase.match.slug] = min(found.get(phrase.match.slug, rank), rank)
        return [EmergencyMatch(slug, self.tiers[rank[0]]) for slug, rank in sorted(found.items(), key=lambda f: f[1])]

    def _drop_aid(self, words: list[str]) -> tuple[list[str], bool]:
        """Drop an aid that a text asks for, with how new it is; and whether it is one for what lasts.

        "New brace for weak foot" tells of nothing new; "brace for weak foot since my epidural" does.
        """
        for index, word in enumerate(words[:-1]):
            if (word in self.aids or word in self.advice) and words[index + 1] in _PURPOSES:
                before, purpose = words[:index], words[index + 1 :]
                if not self.onsets.isdisjoint(words):
                    break
                # "new knee brace": what is new may stand a word before.
                described = [word for word in before[-2:] if word not in self.recent]
                is_for_lasting = word in self.aids and (self.reports | self.recent).isdisjoint(purpose)
                return [*before[:-2], *described, *purpose], is_for_lasting
        return words, False

    def _is_of_phrase(self, word: str) -> bool:
        return word in self.words or any(stem in self._stems for stem in stem_words(word))

    def _correct(self, word: str, known_words: Collection[str]) -> str | None:
        if len(word) >= _MIN_SOUND_LENGTH and (same_sound := self._words_by_sound.get(_sound_form(word))):
            return same_sound
        if len(word) < _MIN_CORRECTABLE_LENGTH:
            return None
        max_edits = 1 if len(word) < _MIN_LENGTH_FOR_TWO_EDITS else 2
        if nearest := _find_nearest(word, self._correctable_words, max_edits):
            # A word that is nearer to what the content says was meant for that.
            return None if _find_nearest(word, known_words, OSA.distance(word, nearest) - 1) else nearest
        if len(word) >= _MIN_LENGTH_FOR_NEAR_SOUND and (
            sound := _find_nearest(_sound_form(word), self._words_by_sound, 1)
        ):
            return self._words_by_sound[sound]
        return None


def _find_nearest(word: str, candidates: Collection[str], max_edits: int) -> str | None:
    if not max_edits:
        return None
    # `iter`: of a mapping, the keys are the candidates.
    nearest = process.extractOne(word, iter(candidates), scorer=OSA.distance, score_cutoff=max_edits)
    return nearest[0] if nearest else None


def _covers(slots: Iterable[frozenset[str]], stems: Iterable[str]) -> bool:
    """Whether the slots have all of the words, apart from those that people write around a name."""
    words = {word for slot in slots for term in slot for word in term.split()}
    return set(stems) <= words | _FILLERS


def build_emergency_phrases(
    phrases: Iterable[tuple[str, Mapping[str, Iterable[str]]]], word_lists: Mapping[str, str], tiers: Iterable[str]
) -> EmergencyPhrases:
    """Build the phrases of emergencies: slug, and tier -> phrases. Raises KeyError for a word list that is not there.

    Words of a phrase match in any order; `a/b` is one slot with two choices, `a_b` are adjacent words, `@name` a list;
    `=` begins a phrase that must be the whole text, `~` one of signs that people also live with. The lists `aid`,
    `advice`, `newly`, `report` and `onset` tell a text that asks for something from one that reports.
    """
    choices_by_slot: dict[str, list[str]] = {}
    built, words = [], set[str]()
    for slug, phrases_by_tier in phrases:
        for tier, texts in phrases_by_tier.items():
            for text in texts:
                slots = []
                for slot in text.removeprefix("=").removeprefix("~").split():
                    if slot not in choices_by_slot:
                        choices_by_slot[slot] = _expand(slot, word_lists)
                        words.update(word for choice in choices_by_slot[slot] for word in choice.split())
                    slots.append(frozenset(" ".join(stem_words(choice)) for choice in choices_by_slot[slot]))
                match = EmergencyMatch(slug, tier)
                built.append(_Phrase(tuple(slots), text.startswith("="), text.startswith("~"), match))
    requests = (frozenset(_expand(f"@{name}", word_lists)) for name in ("aid", "advice", "newly", "report", "onset"))
    return EmergencyPhrases(tuple(built), frozenset(words), tuple(tiers), *requests)


def _expand(slot: str, word_lists: Mapping[str, str]) -> list[str]:
    """Choices of a slot, with the words of the lists that it names."""
    choices: list[str] = []
    for choice in slot.split("/"):
        if choice.startswith("@"):
            # A list that is missing, which `check` reports, matches nothing.
            words = word_lists.get(choice[1:], "").split()
            choices += _expand("/".join(words), word_lists) if words else []
        else:
            choices.append(_normalize(choice.replace("_", " ")))
    return choices


def _normalize(text: str) -> str:
    return " ".join(_WEEK_FOR_WEAK.sub(r"\1 weak", _CANNOT.sub(" cannot ", normalize(text))).split())
