"""Text normalization: case, accents, punctuation and spelling, so that every host matches and orders names alike."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# British and American spellings of medical terms become the American one.
_AMERICAN_SPELLINGS: Final = (
    (re.compile(r"anaesth"), "anesth"),
    (re.compile(r"haem"), "hem"),
    (re.compile(r"oedema"), "edema"),
    (re.compile(r"paraesth"), "paresth"),
    (re.compile(r"dysaesth"), "dysesth"),
    (re.compile(r"orthopaed"), "orthoped"),
    (re.compile(r"paed"), "ped"),
    (re.compile(r"ischaem"), "ischem"),
    (re.compile(r"coeliac"), "celiac"),
    (re.compile(r"rrhoea"), "rrhea"),
    (re.compile(r"oesoph"), "esoph"),
    (re.compile(r"faec"), "fec"),
    (re.compile(r"gynaec"), "gynec"),
    (re.compile(r"paralys(?=e|ing)"), "paralyz"),
    (re.compile(r"tumour"), "tumor"),
    (re.compile(r"fibre"), "fiber"),
    (re.compile(r"centre"), "center"),
    (re.compile(r"colour"), "color"),
    (re.compile(r"neuralgiae\b"), "neuralgia"),
    (re.compile(r"\b(disk)(s?)\b"), r"disc\2"),
)
_BRITISH: Final = re.compile(
    "aesth|aem|oedema|paed|coeliac|rrhoea|oesoph|aec|paralys|tumour|fibre|centre|colour|neuralgiae|disk"
)
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=512)
def normalize(text: str) -> str:
    """Return the form in which two names are compared: lower case, no accents, single spaces, American spelling."""
    form = text.casefold()
    if not form.isascii():
        form = unicodedata.normalize("NFKD", form)
        form = (
            # Soft hyphens and characters without width only say how to set the text.
            "".join(char for char in form if not (unicodedata.combining(char) or unicodedata.category(char) == "Cf"))
            .replace("ß", "ss")
            .replace("æ", "ae")
            .replace("œ", "oe")
        )
    if _BRITISH.search(form):
        for pattern, american in _AMERICAN_SPELLINGS:
            form = pattern.sub(american, form)
    return _SEPARATORS.sub(" ", form).strip()


_POSSESSIVE: Final = re.compile(r" s(?= |$)")
_PLURALS: Final = ((re.compile(r"(?<=\w\w)ies\b"), "y"), (re.compile(r"(?<=\w\w[^siu])s\b"), ""))


def fold_inflection(normalized: str) -> str:
    """Return a normalized name without possessives and plurals: nerve blocks, Raynaud's, Raynauds."""
    form = _POSSESSIVE.sub("", normalized)
    for pattern, singular in _PLURALS:
        form = pattern.sub(singular, form)
    return form
