"""How names are folded, so that every box matches and orders them alike: case, accents, hyphens, spelling."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# British and American spellings of the field meet in one form (the American one).
_SPELLINGS: Final = (
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
_SPELLED: Final = re.compile(
    "aesth|aem|oedema|paed|coeliac|rrhoea|oesoph|aec|paralys|tumour|fibre|centre|colour|neuralgiae|disk"
)
_BREAKS: Final = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=512)
def normalize(text: str) -> str:
    """Lower case without accents, punctuation as single spaces, one spelling: what two names are compared by."""
    text_form = text.casefold()
    if not text_form.isascii():
        text_form = unicodedata.normalize("NFKD", text_form)
        text_form = (
            "".join(c for c in text_form if not unicodedata.combining(c))
            .replace("ß", "ss")
            .replace("æ", "ae")
            .replace("œ", "oe")
        )
    if _SPELLED.search(text_form):
        for pattern, american in _SPELLINGS:
            text_form = pattern.sub(american, text_form)
    return _BREAKS.sub(" ", text_form).strip()
