"""Head metadata of pages: JSON-LD, alternate formats of the record, and oEmbed discovery links."""

import orjson
from markupsafe import Markup

from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.formats.jsonld import NODE_BUILDERS, build_page_node
from app.http.alternate_links import list_alternates
from app.http.context import RequestContext
from app.web.embed.discovery import build_discovery_links

_EMBEDDABLE_LISTS = ("/procedures", "/conditions")


def build_head_metadata(ctx: RequestContext, title: str, path: str, current: Json, record: object) -> Json:
    """Build the variables of head.html. `record` is the JSON of the record that the page shows, or None."""
    record_type = record.get("type", "") if isinstance(record, dict) else ""
    folder = PATH_BY_RECORD_TYPE[record_type] if record_type in NODE_BUILDERS else ""
    if isinstance(record, dict) and folder and path == f"/{folder}/{record['slug']}":
        alternates = list_alternates(ctx, folder, record["slug"], without="text/html")
        discovery = build_discovery_links(ctx.settings, path, title) if f"/{folder}" in _EMBEDDABLE_LISTS else []
        node = NODE_BUILDERS[record_type](record)
    else:
        alternates, discovery = [], build_discovery_links(ctx.settings, path, title) if path == "/relief" else []
        url = f"{ctx.settings.link_base}{path}"
        node = build_page_node(title, url, license_json=current["license"], version=current["version"])
    return {
        "alternates": alternates,
        "discovery": discovery,
        "linked_data": escape_json_for_html(ctx.resolve_links(orjson.dumps(node))),
    }


def escape_json_for_html(body: bytes) -> Markup:
    """Escape JSON for a script element, so that an HTML parser finds no markup in it."""
    text = body.decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - every character that could end the element is escaped
