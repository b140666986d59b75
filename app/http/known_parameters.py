"""Parameters that pages ignore: other sites add parameters of their own to links (`utm_source`, `fbclid`, WordPress's `dnt`).

A parameter that no page knows is dropped before the request is handled, so that it neither changes a response nor fills a
cache with copies. The API refuses unknown parameters instead, except at Infobutton, whose standard has many more.
"""

from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import unquote_plus

from app.http.redirects import collapse_slashes

# Of pages, frames, cards, static files and oEmbed. docs/operations/nginx/kb.conf.template has the same list.
PAGE_PARAMETERS: Final = frozenset(
    {
        "body_region",
        "by",
        "condition",
        "element",
        "family",
        "format",
        "kind",
        "level",
        "maxheight",
        "maxwidth",
        "procedure",
        "q",
        "release",
        "role",
        "sections",
        "start",
        "theme",
        "url",
        "variant",
        "way",
    }
)
INFOBUTTON_PATH: Final = "/v1/infobutton"
_INFOBUTTON_PARAMETERS: Final = frozenset(
    {
        "informationRecipient",
        "knowledgeResponseType",
        "mainSearchCriteria.v.c",
        "mainSearchCriteria.v.cs",
        "mainSearchCriteria.v.dn",
        "release",
    }
)
# First segments of the paths whose parameters are all known: an unknown one is refused, or means nothing and is not stored.
_STRICT_SEGMENTS: Final = frozenset({"v1", "fhir", "mcp", "health", "metrics", "openapi.json", "openapi-3.0.json"})


def drop_unknown_parameters(path: str, query: bytes) -> bytes:
    """The query without the parameters that are ignored at this path; the others as they were sent."""
    known: AbstractSet[str] = PAGE_PARAMETERS
    # What the service itself redirects to: a redirect keeps its query.
    path = collapse_slashes(path)
    if path.rstrip("/") == INFOBUTTON_PATH:
        known = _INFOBUTTON_PARAMETERS
    elif path[1:].partition("/")[0] in _STRICT_SEGMENTS:
        return query
    parts = query.split(b"&")
    kept = [part for part in parts if unquote_plus(part.partition(b"=")[0].decode("latin-1")) in known]
    return query if len(kept) == len(parts) else b"&".join(kept)
