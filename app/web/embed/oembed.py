"""oEmbed 1.0 provider: an editor turns the pasted URL of a page into a frame with its card.

The HTML is a plain blockquote and an iframe: WordPress removes everything else from providers it found by discovery.
Consumers send parameters of their own (`dnt`, `_locale`), so this endpoint ignores unknown parameters.
"""

from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from fastapi import Request, Response

from app.domain.json import Json
from app.domain.record_types import RECORD_TYPE_BY_PATH
from app.errors import FeatureDisabled, FieldError, FormatNotOffered, InvalidParameter, NotFound
from app.http.context import RequestContext, request_context
from app.http.redirects import Redirect
from app.http.slug_resolution import get_document, resolve_filter_value
from app.queries.documents import find_document
from app.settings import Settings
from app.web.embed.frames import MAX_PROCEDURES
from app.web.embed.page_cards import COMPARISON_TITLE
from app.web.embed.representations import FRAMED_TYPES, LIST_TITLES, MAX_COMPARED
from app.web.embed.snippets import render_frame_tag
from app.web.rendering import get_current_release, parse_document, router

FORMATS: Final = ("json", "xml")
DEFAULT_WIDTH: Final = 640
_MAX_URL: Final = 2_000
_MAX_PIXELS: Final = 100_000
# WordPress shows a frame with the height that it sends, up to 1,000 pixels; a summary has at most this.
_HEIGHT: Final = 900
_OFF_TEXT: Final = "oEmbed needs absolute links, and the public URL is not known; set KB_PUBLIC_URL."
_RELIEF_TITLE: Final = "How long relief lasts"


class EmbedTarget(NamedTuple):
    """What is embedded: its name, the path of its page, and that of its frame."""

    name: str
    page: str
    frame: str


@router.get("/oembed")
def get_oembed(request: Request) -> Response:
    """The oEmbed response for the page at `url`."""
    params = request.query_params
    format_name = params.get("format", "json")
    if format_name not in FORMATS:
        raise FormatNotOffered(f"Format {format_name[:40]!r} is not supported; use json or xml.", suggestions=FORMATS)
    width, height = _parse_pixels(request, "maxwidth"), _parse_pixels(request, "maxheight")
    with request_context(request) as ctx:
        if not ctx.settings.absolute_base:
            raise FeatureDisabled(_OFF_TEXT)
        # The release is checked before the parameters.
        _ = ctx.release
        body = build_response(ctx, resolve_target(ctx, params.get("url", "")), width, height)
        if format_name == "xml":
            return ctx.bytes_response(_render_xml(body), media_type="text/xml")
        return ctx.json_response(body)


def build_response(ctx: RequestContext, target: EmbedTarget, max_width: int | None, max_height: int | None) -> Json:
    """Build a response of type `rich`, within the size limits of the consumer."""
    base = ctx.settings.absolute_base
    attribution = get_current_release(ctx)["license"]["attribution"]
    width, height = min(DEFAULT_WIDTH, max_width or DEFAULT_WIDTH), min(_HEIGHT, max_height or _HEIGHT)
    return {
        "version": "1.0",
        "type": "rich",
        "title": target.name,
        "author_name": attribution,
        "author_url": f"{base}/notice",
        "provider_name": "procedure-kb",
        "provider_url": f"{base}/",
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": render_html(target, base, attribution, width, height),
    }


def render_html(target: EmbedTarget, base: str, attribution: str, width: int, height: int) -> str:
    """Render a blockquote with a link as fallback, and an iframe with a title."""
    link = f'<a href="{escape(base + target.page)}">{escape(target.name)}</a>'
    frame = render_frame_tag(
        base + target.frame, f"{target.name}, from procedure-kb", width=str(width), height=height, is_bordered=False
    )
    return f'<blockquote class="kb-embed">{link} ({escape(attribution)})</blockquote>{frame}'


def resolve_target(ctx: RequestContext, url: str) -> EmbedTarget:
    """Resolve the URL of an embeddable page. Raises InvalidParameter without a URL, and NotFound for any other URL."""
    if not url:
        message = "the URL of a page of this service is required"
        raise InvalidParameter(f"url: {message}", errors=(FieldError("url", None, message),))
    path, query = _parse_service_url(ctx.settings, url[:_MAX_URL])
    parts = path.strip("/").split("/")
    if parts[0] == "embed":
        # The frame of a page.
        parts = ["relief"] if parts[1:] == ["relief-chart"] else parts[1:3]
    if len(parts) == 3 and parts[0] == "procedures" and parts[2] == "leaflet":
        parts = parts[:2]
    page, names = "/" + "/".join(parts), parse_qs(query).get("procedure", [])
    if len(parts) == 2 and parts[1] and RECORD_TYPE_BY_PATH.get(parts[0]) in FRAMED_TYPES:
        return _resolve_record(ctx, parts[0], parts[1])
    if page in LIST_TITLES:
        return EmbedTarget(LIST_TITLES[page], page, f"/embed{page}")
    if page == "/relief":
        slugs = _resolve_procedures(ctx, names, MAX_PROCEDURES)
        return EmbedTarget(_RELIEF_TITLE, f"/relief{slugs}", f"/embed/relief-chart{slugs}")
    if page == "/compare" and len(names) > 1:
        slugs = _resolve_procedures(ctx, names, MAX_COMPARED)
        return EmbedTarget(COMPARISON_TITLE, f"/compare{slugs}", f"/embed/compare{slugs}")
    raise NotFound(
        f"{path[:200]!r} cannot be embedded; records, their lists, the comparison and relief durations can.",
        suggestions=("/procedures/SLUG", "/conditions/SLUG", "/relief?procedure=SLUG"),
    )


def _parse_service_url(settings: Settings, url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        public = urlsplit(settings.absolute_base)
        is_service_url = not parts.netloc or (
            parts.scheme in {"http", "https"} and parts.netloc.lower() == public.netloc.lower()
        )
    except ValueError:
        is_service_url, parts, public = False, urlsplit(""), urlsplit("")
    prefix = public.path if parts.netloc else settings.path_prefix
    if not is_service_url or not (parts.path == prefix or parts.path.startswith(f"{prefix}/")):
        raise NotFound(f"{url[:200]!r} is not a URL of this service, {settings.absolute_base}.")
    return parts.path.removeprefix(prefix), parts.query


def _resolve_record(ctx: RequestContext, folder: str, slug: str) -> EmbedTarget:
    record_type = RECORD_TYPE_BY_PATH[folder]
    try:
        body = get_document(ctx, record_type, slug)
    except Redirect as redirect:
        # The pasted URL may have an old slug: return the record instead of a redirect.
        slug = redirect.slug
        body = find_document(ctx.transaction, record_type, slug) or b"{}"
    suffix = "/options" if record_type == "condition" else ""
    page = f"/{folder}/{slug}"
    return EmbedTarget(parse_document(ctx, body)["name"], page, f"/embed{page}{suffix}")


def _resolve_procedures(ctx: RequestContext, names: list[str], limit: int) -> str:
    """Query with the slugs of the named procedures; empty without any."""
    if len(names) > limit:
        raise NotFound(f"At most {limit} procedures; the URL has {len(names)}.")
    slugs = dict.fromkeys(resolve_filter_value(ctx, "procedure", "url", name[:200]) for name in names)
    return f"?{'&'.join(f'procedure={slug}' for slug in slugs)}" if slugs else ""


def _parse_pixels(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= _MAX_PIXELS:
        return int(text)
    message = f"must be a number of pixels from 1 to {_MAX_PIXELS}"
    raise InvalidParameter(f"{name}: {message}", errors=(FieldError(name, text[:40], message),))


def _render_xml(body: Json) -> bytes:
    root = ET.Element("oembed")
    for name, value in body.items():
        ET.SubElement(root, name).text = str(value)
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n{ET.tostring(root, encoding="unicode")}'.encode()
