"""Stemming: words of texts and queries reduced to stems, without stop words; spinal levels and lay synonyms."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from app.text.normalize import normalize
from app.text.stems import MAX_CACHED_TEXT, STEMMER

STOP_WORDS: Final = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but by can could did
    do does doing down during each few for from further get gets getting got had has have having he her here him
    his how i if in into is it its just keep keeps like me more most my no nor not now of off on once only or
    other our out over own really s same she should since so some such t than that the their them then there
    these they this those through to too under until up very was we were what when where which while who why
    will with would you your help need want treatment therapy therapies treat treats treating go goes going please best good make
    makes made something anything tell explain possible every happen happens work works long much many may might
    us let near last lasts im ive cant dont ve m re ll don doesn
    didn didnt doesnt isn isnt wasn wasnt aren weren hasn haven hadn couldn wouldn shouldn
    """.split()  # noqa: SIM905 - a list takes a line for each word
)
# Everyday word -> clinical word, where no record has the everyday word as a name. General vocabulary, never for one query.
LAY_SYNONYMS: Final = {
    "shot": "injection",
    "jab": "injection",
    "tailbone": "coccyx",
    "belly": "abdomen",
    "tummy": "abdomen",
    "kneecap": "knee",
    "zap": "ablation",
    "freeze": "cryoneurolysis",
    "freezing": "cryoneurolysis",
    "pinched": "radiculopathy",
    "slipped": "herniated",
    "bulging": "herniated",
    "ruptured": "herniated",
    "botox": "onabotulinumtoxina",
    "cement": "vertebroplasty",
    "pump": "intrathecal",
    "stimulator": "stimulation",
    "shingles": "postherpetic",
    "arthritis": "osteoarthritis",
    "arthritic": "osteoarthritis",
    "buttock": "sacroiliac",
    "butt": "buttock",
    "bum": "buttock",
    "face": "facial",
    "diabetic": "diabetes",
    "neck": "cervical",
    "jaw": "temporomandibular",
    "hurt": "pain",
    "hurts": "pain",
    "hurting": "pain",
    "ache": "pain",
    "aches": "pain",
    "aching": "pain",
    "sore": "pain",
    "cortisone": "steroid",
    "operation": "surgery",
    "neurotomy": "ablation",
    "denervation": "ablation",
    "broken": "fracture",
    "collapsed": "fracture",
    "amputated": "phantom",
    "amputation": "phantom",
}


def stem_content_words(text: str) -> tuple[str, ...]:
    """Return the stems of all words of a text in order, without stop words."""
    return _cached_stems(text) if len(text) <= MAX_CACHED_TEXT else _stem_content_words(text)


def _stem_content_words(text: str) -> tuple[str, ...]:
    words = [word for word in normalize(text).split() if word not in STOP_WORDS]
    return tuple(STEMMER.analyze(" ".join(words))) if words else ()


_cached_stems = lru_cache(maxsize=20_000)(_stem_content_words)


_LEVEL_RANGE = re.compile(
    r"\b([clts])(\d{1,2})(?:\s*(?:[-/\u2013\u2014\s]|\bto\b)\s*([clts]?)|([clts]))(\d{1,2})\b", re.IGNORECASE
)
SPINAL_LEVEL: Final = re.compile(r"[clts]\d{1,2}")
# Region of the spine by the letter of a level.
SPINE_REGIONS: Final = {"c": "cervical", "t": "thoracic", "l": "lumbar", "s": "sacral"}


# Regions whose records answer each other: roots of the sacrum leave the lumbar spine.
_REGION_GROUPS: Final = {"cervical": "cervical", "thoracic": "thoracic", "lumbar": "lumbar", "sacral": "lumbar"}


def find_spine_regions(words: Iterable[str]) -> set[str]:
    """Regions of the spine that words name, by themselves or by a level: cervical, thoracic, or lumbar and sacral as one."""
    named = (SPINE_REGIONS[word[0]] if SPINAL_LEVEL.fullmatch(word) else LAY_SYNONYMS.get(word, word) for word in words)
    return {_REGION_GROUPS[region] for region in named if region in _REGION_GROUPS}


# Region of the body by the letter of a spinal level, and its words. Cervical is not one: it is of the womb as well.
_BODY_REGION_OF_LEVEL: Final = {"c": "neck", "t": "thorax", "l": "low_back", "s": "pelvis"}
_WORDS_OF_BODY_REGIONS: Final = {
    "head_face": "head face facial jaw cheek forehead skull",
    "neck": "neck",
    "thorax": "thorax thoracic chest rib ribs intercostal",
    "abdomen": "abdomen abdominal belly tummy stomach",
    "low_back": "lumbar lumbosacral",
    "pelvis": "pelvis pelvic perineum perineal groin sacral sacroiliac",
    "shoulder_arm": "shoulder shoulders arm arms elbow wrist hand hands finger fingers",
    "hip": "hip hips",
    "knee": "knee knees",
    "leg_foot": "leg legs thigh calf ankle foot feet toe toes",
}
_BODY_REGIONS: Final = {word: region for region, words in _WORDS_OF_BODY_REGIONS.items() for word in words.split()}


def find_body_regions(words: Iterable[str]) -> dict[str, str]:
    """Words that name a region of the body, by themselves or by a spinal level, with the region of the model."""
    return {
        word: _BODY_REGION_OF_LEVEL[word[0]] if SPINAL_LEVEL.fullmatch(word) else _BODY_REGIONS[word]
        for word in words
        if word in _BODY_REGIONS or SPINAL_LEVEL.fullmatch(word)
    }


def normalize_levels(text: str) -> str:
    """Write spinal levels in one form: L4-5, L4/L5, L4L5, L4 to L5 and L4-L5 become `L4 L5`."""
    return _LEVEL_RANGE.sub(lambda m: f"{m[1]}{m[2]} {m[3] or m[4] or m[1]}{m[5]}", text)


# Longest first. Leakage and leak share a root. What an ending of medicine tells apart does not: spondylitis and spondylosis.
_DERIVATIONAL_SUFFIXES: Final = ("ation", "ag", "al", "ar", "ac", "ic", "it")
_MIN_ROOT_LENGTH: Final = 4


def strip_suffix(stem: str) -> str:
    """Return the root of a stem: the stem without its derivational suffix, if enough letters remain."""
    for suffix in _DERIVATIONAL_SUFFIXES:
        if stem.endswith(suffix) and len(stem) - len(suffix) >= _MIN_ROOT_LENGTH:
            return stem[: -len(suffix)]
    return stem
