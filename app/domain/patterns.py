"""Patterns that parameters, seed files and settings must match, each with the error message for a mismatch."""

from collections.abc import Mapping
from typing import Any, Final

_NUMBER: Final = r"\d{1,5}"
# ISO 8601 without look-around: every client tool reads the pattern the same way.
SHORT_DURATION: Final = rf"^P(?:{_NUMBER}Y(?:{_NUMBER}M)?(?:{_NUMBER}D)?|{_NUMBER}M(?:{_NUMBER}D)?|{_NUMBER}W|{_NUMBER}D(?:T{_NUMBER}H)?|T{_NUMBER}H(?:{_NUMBER}M)?|T{_NUMBER}M)$"
VERSION: Final = r"^[0-9A-Za-z.+-]+$"
OPTIONAL_VERSION: Final = r"^[0-9A-Za-z.+-]*$"
RELEASE_VERSION: Final = r"^\d{1,4}\.\d{1,4}\.\d{1,4}$"
# Printable text: names, codes and URLs contain no control characters.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"
LINE: Final = r"^[^\n]+$"
SLUG: Final = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
PATH_SLUG: Final = r"^[^./]+$"
CLAIM_ID: Final = r"^[a-z0-9]+(?:-{1,2}[a-z0-9]+)*$"
CODE: Final = r"^[0-9A-Z][0-9A-Z.:]*$"
DATE: Final = r"^\d{4}-\d{2}-\d{2}$"
# Year, month or day.
PARTIAL_DATE: Final = r"^\d{4}(?:-\d{2}){0,2}$"
WEB_URL: Final = r"^https?://[^\s\"<>]+$"
DOI: Final = r"^10\.\S+$"
PMID: Final = r"^[1-9]\d{0,8}$"
PMCID: Final = r"^PMC[1-9]\d{0,8}$"
SHA256: Final = r"^[0-9a-f]{64}$"
REVISION: Final = r"^[0-9a-f]{16}$"
PATH_PREFIX: Final = r"^(?:/[A-Za-z0-9._~-]+)*$"
CSP_VALUE: Final = r"^[^;,\r\n]+$"
TELEPHONE: Final = r"^\+?[0-9][0-9 ().-]{2,30}$"
EMERGENCY_NUMBER: Final = r"^[0-9]{2,6}$"
COLOR: Final = r"^#[0-9a-fA-F]{6}$"
LOGO: Final = r"^data:image/(?:svg\+xml|png);base64,[A-Za-z0-9+/=]+$"
LOG_LEVEL: Final = r"^(?:debug|info|warning|error|critical)$"

_VERSION_MESSAGE: Final = "must be a release version, such as 1.2.0"
PATTERN_MESSAGES: Final[Mapping[str, str]] = {
    SHORT_DURATION: "must be an ISO 8601 duration, such as P6M (six months), P1Y6M, P2W, P10D or PT12H",
    VERSION: _VERSION_MESSAGE,
    OPTIONAL_VERSION: _VERSION_MESSAGE,
    RELEASE_VERSION: "must be three numbers separated by periods, such as 1.2.0",
    PRINTABLE: "must be text without control characters, such as nerve block",
    LINE: "must be a single line of text",
    SLUG: "must be lowercase letters and digits separated by single hyphens, such as facet-joint",
    PATH_SLUG: "must be a slug, such as facet-joint",
    CLAIM_ID: "must be lowercase letters and digits separated by one or two hyphens, such as facet-rfa--relief-1",
    CODE: "must be a code in capital letters, such as M54.16",
    DATE: "must be a date, such as 2026-01-31",
    PARTIAL_DATE: "must be a year, a month or a day, such as 2014, 2014-04 or 2014-04-23",
    WEB_URL: "must be an http or https URL, such as https://example.org/paper",
    DOI: "must be a DOI without the resolver URL, such as 10.1000/182",
    PMID: "must be the digits of a PubMed id, such as 12351602",
    PMCID: "must be a PubMed Central id, such as PMC5737310",
    SHA256: "must be 64 lowercase hexadecimal digits",
    REVISION: "must be 16 lowercase hexadecimal digits",
    PATH_PREFIX: "must be empty or a path without a trailing slash, such as /kb",
    CSP_VALUE: "must be the source list of a single CSP directive, such as https://example.org 'self'",
    TELEPHONE: "must be a telephone number, such as +1 555 010 0100",
    EMERGENCY_NUMBER: "must be the digits of an emergency number, such as 911",
    COLOR: "must be a color with six hexadecimal digits, such as #0a5867",
    LOGO: "must be a data URL of an SVG or PNG in base64, such as data:image/png;base64,...",
    LOG_LEVEL: "must be one of debug, info, warning, error, critical",
}


# Message for each type of pydantic error that a parameter can cause, with the limits from the context of the error.
_ERROR_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this file",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
    "string_type": "must be text",
    "string_unicode": "must be text in UTF-8",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} values",
    "too_long": "may have at most {max_length} values",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}


def validation_message(error: Mapping[str, Any]) -> str:
    """Message for a pydantic error, without regular expressions or pydantic jargon."""
    error_type, context = error["type"], error.get("ctx", {})
    if error_type == "string_pattern_mismatch":
        return PATTERN_MESSAGES[context["pattern"]]
    if error_type == "string_too_short":
        minimum = context["min_length"]
        return "must not be empty" if minimum == 1 else f"must have at least {minimum} characters"
    if error_type == "too_short" and context["min_length"] == 1:
        return "must have at least 1 value"
    if error_type in _ERROR_MESSAGES:
        # A limit of 100.0 reads as 100.
        limits = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in context.items()}
        return _ERROR_MESSAGES[error_type].format_map(limits)
    return str(error["msg"]).removeprefix("Value error, ")
