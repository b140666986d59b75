"""Requests to /fhir: the two headers that count there, each reduced to two values, and a POST as the GET that it stands for."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlencode

import orjson
from starlette.types import Scope

from app.errors import BadRequest
from app.http.operation_outcome import is_fhir_path

Headers = list[tuple[bytes, bytes]]
VARY: Final = (b"vary", b"Accept-Encoding, Accept, Prefer")
# Value of the reduced header `Accept`: the caller accepts nothing that is served here.
ACCEPTS_NOTHING: Final = "none"
LENIENT: Final = "handling=lenient"
_R4_PATH: Final = "/fhir/r4/"
_JSON_TYPES: Final = frozenset(
    {"*/*", "application/*", "application/fhir+json", "application/json", "text/json", "json"}
)
_POST_PATH: Final = re.compile(r"(/fhir/.+)/_search|/fhir/.+/\$[a-z-]+")
_ZERO_QUALITY: Final = re.compile(r"0(\.0*)?")


def is_fhir_post(path: str) -> bool:
    """Whether a path of /fhir takes POST: a search or an operation."""
    return _POST_PATH.fullmatch(path) is not None


def accepts_json(accept: str, path: str) -> bool:
    """Whether media ranges (of Accept or `_format`) include JSON of the FHIR version of a path."""
    version = "4.0" if f"{path}/".startswith(_R4_PATH) else "5.0"
    for media_range in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in media_range.split(";"))
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        wanted = values.get("fhirversion", version).strip('"')
        if (
            media_type in _JSON_TYPES
            and (wanted == version or wanted.startswith(f"{version}."))
            and not _ZERO_QUALITY.fullmatch(values.get("q", "1"))
        ):
            return True
    return False


def reduce_headers(scope: Scope) -> Headers:
    """Accept and Prefer of a request to /fhir where they differ from the default, each with its one other value."""
    if not is_fhir_path(scope["path"]):
        return []
    accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    prefer = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"prefer")
    reduced: Headers = []
    if accept.strip() and not accepts_json(accept, scope["path"]):
        reduced.append((b"accept", ACCEPTS_NOTHING.encode()))
    if re.search(r"\bhandling\s*=\s*\"?lenient", prefer, re.IGNORECASE):
        reduced.append((b"prefer", LENIENT.encode()))
    return reduced


def build_get(scope: Scope, body: bytes) -> Scope:
    """Build the GET that a POST to a search or an operation stands for. Raises BadRequest."""
    search = _POST_PATH.fullmatch(scope["path"])
    path = scope["path"] if search is None or search[1] is None else search[1]
    raw_path = scope["raw_path"].removesuffix(b"/_search")
    text = body.strip()
    if text.startswith(b"<"):
        raise BadRequest("The body is XML; only JSON and forms are read.")
    query = urlencode(list(dict.fromkeys(_iter_parameters(text)))).encode() if text.startswith(b"{") else text
    query_string = b"&".join(part for part in (scope["query_string"], query) if part)
    return {**scope, "method": "GET", "path": unquote(path), "raw_path": raw_path, "query_string": query_string}


def _iter_parameters(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and value of each parameter of a Parameters resource; a Coding becomes code, system, version and display."""
    try:
        for parameter in orjson.loads(body).get("parameter", ()):
            if not parameter.keys().isdisjoint({"resource", "part"}):
                raise BadRequest(f"{str(parameter['name'])[:80]}: a resource or a part is not supported.")
            (value,) = (parameter[key] for key in parameter if key.startswith("value"))
            yield from _flatten(str(parameter["name"]), value)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise BadRequest(
            "The body is not a Parameters resource whose parameters have a simple value, a Coding or a CodeableConcept."
        ) from error


def _flatten(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any value of a parameter
    if not isinstance(value, dict):
        yield name, ("true" if value else "false") if isinstance(value, bool) else str(value)
        return
    coding = value["coding"][0] if "coding" in value else value
    # codingA -> codeA, sourceCodeableConcept -> sourceCode
    code_name = re.sub(r"codeableconcept|coding", lambda word: f"{word[0][0]}ode", name, flags=re.IGNORECASE)
    yield code_name, str(coding["code"])
    system_name = "targetSystem" if name.startswith("target") else "system"
    for member, member_name in (("system", system_name), ("version", "version"), ("display", "display")):
        # The two codings of $subsumes have a display each.
        if member in coding and (member != "display" or name in {"coding", "codeableConcept"}):
            yield member_name, str(coding[member])
