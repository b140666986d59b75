"""oEmbed 1.0: paste the address of a page into an editor, and the editor shows the page's card in a frame.

The html is a plain blockquote and an iframe, because that is all that WordPress keeps of a provider it found by discovery.
Consumers send parameters of their own (`dnt`, `_locale`): this is the one address that does not refuse unknown ones.
"""

from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.errors import FieldError, FormatNotOffered, InvalidParameter, NotFound
from app.http.context import RequestContext, request_context_with_release_check
from app.http.redirects import Redirect
from app.http.slug_resolution import get_document, resolve_filter_value
from app.queries.documents import find_document
from app.settings import Settings
from app.web.embed.frames import MOST_PROCEDURES
from app.web.rendering import current_release, load

router = APIRouter(include_in_schema=False)
FORMATS: Final = ("json", "xml")
WIDTH: Final = 640
HEIGHTS: Final = {"procedures": 900, "conditions": 900, "relief": 600}
_MAX_URL: Final = 2_000
_MAX_PIXELS: Final = 100_000
_PAGES: Final = {"procedures": "procedure", "conditions": "condition"}


@dataclass(frozen=True)
class Target:
    """What an address of ours shows: its title, its page and its frame, as paths."""

    kind: str
    title: str
    page: str
    frame: str


@router.get("/oembed")
def get_oembed(request: Request) -> Response:
    """The oEmbed answer for a page of ours."""
    given = request.query_params
    form = given.get("format", "json")
    if form not in FORMATS:
        raise FormatNotOffered(f"{form[:40]!r} is not offered: json and xml are.", suggestions=FORMATS)
    width, height = _pixels(request, "maxwidth"), _pixels(request, "maxheight")
    with request_context_with_release_check(request) as read:
        _ = read.release
        body = answer(read, target_of(read, given.get("url", "")), width, height)
        if form == "xml":
            return read.bytes_response(_xml(body), media_type="text/xml")
        return read.json_response(body)


def answer(read: RequestContext, target: Target, most_width: int | None, most_height: int | None) -> Json:
    """The parameters of a `rich` answer, within the consumer's limits."""
    base = read.settings.link_base
    attribution = current_release(read)["licence"]["attribution"]
    width = min(WIDTH, most_width or WIDTH)
    height = min(HEIGHTS[target.kind], most_height or HEIGHTS[target.kind])
    return {
        "version": "1.0",
        "type": "rich",
        "title": target.title,
        "author_name": attribution,
        "author_url": f"{base}/notice",
        "provider_name": "procedure-kb",
        "provider_url": f"{base}/",
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": html_of(target, base, attribution, width, height),
    }


def html_of(target: Target, base: str, attribution: str, width: int, height: int) -> str:
    """A link for readers of the plain text, and a frame with a title."""
    title = escape(target.title)
    return (
        f'<blockquote class="kb-embed"><a href="{escape(base + target.page)}">{title}</a> ({escape(attribution)})</blockquote>'
        f'<iframe src="{escape(base + target.frame)}" title="{title}, from procedure-kb" width="{width}" height="{height}" '
        'loading="lazy" sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def target_of(read: RequestContext, url: str) -> Target:
    """What an address of ours shows. NotFound for every other address."""
    if not url:
        message = "the address of a page of this service is needed"
        raise InvalidParameter(f"url: {message}", errors=(FieldError("url", None, message),))
    path, query = _own_path(read.settings, url[:_MAX_URL])
    parts = path.strip("/").split("/")
    if parts[0] == "embed":
        parts = [*parts[1:2], *parts[2:3]] if parts[-1] != "relief-chart" else ["relief"]
    if len(parts) == 2 and parts[0] in _PAGES and parts[1]:
        return _record(read, parts[0], parts[1])
    if parts == ["relief"]:
        return _relief(read, parse_qs(query).get("procedure", []))
    raise NotFound(
        f"{path[:200]!r} is no page that can be embedded: procedures, conditions and relief durations are.",
        suggestions=("/procedures/SLUG", "/conditions/SLUG", "/relief?procedure=SLUG"),
    )


def _own_path(settings: Settings, url: str) -> tuple[str, str]:
    try:
        found = urlsplit(url)
        own = urlsplit(settings.public_url)
        ours = not found.netloc or (found.scheme in {"http", "https"} and found.netloc.lower() == own.netloc.lower())
    except ValueError:
        ours, found, own = False, urlsplit(""), urlsplit("")
    prefix = own.path if found.netloc else settings.path_prefix
    if not ours or not (found.path == prefix or found.path.startswith(f"{prefix}/")):
        why = "" if settings.public_url else " KB_PUBLIC_URL is not set here, so that only paths are known as ours."
        raise NotFound(f"{url[:200]!r} is not an address of this service.{why}")
    return found.path.removeprefix(prefix), found.query


def _record(read: RequestContext, folder: str, slug: str) -> Target:
    kind = _PAGES[folder]
    try:
        body = get_document(read, kind, slug)
    except Redirect as known:
        # The address that was pasted may be a former one: the answer is the record, not another question.
        slug = known.slug
        body = find_document(read.connection, kind, slug) or b"{}"
    name = load(read, body)["name"]
    frame = f"/embed/{folder}/{slug}" + ("/options" if folder == "conditions" else "")
    return Target(folder, name, f"/{folder}/{slug}", frame)


def _relief(read: RequestContext, asked: list[str]) -> Target:
    if not asked:
        return Target("relief", "How long relief lasts", "/relief", "/embed/relief-chart")
    if len(asked) > MOST_PROCEDURES:
        raise NotFound(f"At most {MOST_PROCEDURES} procedures stand on one chart; the address names {len(asked)}.")
    slugs = dict.fromkeys(resolve_filter_value(read, "procedure", "url", one[:200]) for one in asked)
    query = "&".join(f"procedure={slug}" for slug in slugs)
    return Target("relief", "How long relief lasts", f"/relief?{query}", f"/embed/relief-chart?{query}")


def _pixels(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= _MAX_PIXELS:
        return int(text)
    message = f"a number of pixels from 1 to {_MAX_PIXELS}"
    raise InvalidParameter(f"{name}: {message}", errors=(FieldError(name, text[:40], message),))


def _xml(body: Json) -> bytes:
    root = ET.Element("oembed")
    for name, value in body.items():
        ET.SubElement(root, name).text = str(value)
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n{ET.tostring(root, encoding="unicode")}'.encode()
