"""Forms of text that parameters, files and settings must have, each with the words that a refusal says it in."""

from collections.abc import Mapping
from typing import Any, Final

_N: Final = r"\d{1,5}(?:\.\d{1,4})?"
# ISO 8601 without look-around, so that the pattern means the same to every client tool.
SHORT_DURATION: Final = (
    rf"^P(?:{_N}Y(?:{_N}M)?(?:{_N}D)?|{_N}M(?:{_N}D)?|{_N}W|{_N}D(?:T{_N}H)?|T{_N}H(?:{_N}M)?|T{_N}M)$"
)
VERSION: Final = r"^[0-9A-Za-z.+-]+$"
MAYBE_VERSION: Final = r"^[0-9A-Za-z.+-]*$"
RELEASE_VERSION: Final = r"^\d{1,4}\.\d{1,4}\.\d{1,4}$"
# Printable text: control characters mean nothing in a name, a code or an address.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"
LINE: Final = r"^[^\n]+$"
SLUG: Final = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
CLAIM_ID: Final = r"^[a-z0-9]+(?:-{1,2}[a-z0-9]+)*$"
DATE: Final = r"^\d{4}-\d{2}-\d{2}$"
WEB_ADDRESS: Final = r"^https?://[^\s\"<>]+$"
DOI: Final = r"^10\.\S+$"
SHA256: Final = r"^[0-9a-f]{64}$"
REVISION: Final = r"^[0-9a-f]{16}$"
BASE_ADDRESS: Final = r"^https?://[^\s/?#]+(?:/[^\s?#]*)?$"
PATH_PREFIX: Final = r"^(?:/[A-Za-z0-9._~-]+)*$"
CSP_VALUE: Final = r"^[^;,\r\n]+$"
LOG_LEVEL: Final = r"^(?:debug|info|warning|error|critical)$"

_VERSION_WORDS: Final = "must be the version of a release, such as 1.2.0"
WORDS: Final[Mapping[str, str]] = {
    SHORT_DURATION: "must be an ISO 8601 duration, such as P6M (six months), P1Y6M, P2W, P10D or PT12H",
    VERSION: _VERSION_WORDS,
    MAYBE_VERSION: _VERSION_WORDS,
    RELEASE_VERSION: "must be three numbers with points between them, such as 1.2.0",
    PRINTABLE: "must be text without control characters, such as nerve block",
    LINE: "must be one line of text",
    SLUG: "must be lower-case letters and digits with single hyphens between them, such as facet-joint",
    CLAIM_ID: "must be lower-case letters and digits with one or two hyphens between them, such as facet-rfa--relief-1",
    DATE: "must be a date, such as 2026-01-31",
    WEB_ADDRESS: "must be an address on the web, such as https://example.org/paper",
    DOI: "must be a DOI without its resolver, such as 10.1000/182",
    SHA256: "must be 64 hexadecimal digits in lower case",
    REVISION: "must be 16 hexadecimal digits in lower case",
    BASE_ADDRESS: "must be an address without a query, such as https://kb.example.org",
    PATH_PREFIX: "must be empty or a path without a slash at its end, such as /kb",
    CSP_VALUE: "must be sources of one directive, such as https://example.org 'self'",
    LOG_LEVEL: "must be one of debug, info, warning, error, critical",
}


def message_of(problem: Mapping[str, Any]) -> str:
    """What is wrong, of one problem that pydantic found: in words, never as a regular expression."""
    if problem["type"] == "string_pattern_mismatch":
        return WORDS[problem["ctx"]["pattern"]]
    return str(problem["msg"]).removeprefix("Value error, ")
