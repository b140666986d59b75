"""Head metadata of pages: JSON-LD, alternate formats of the record, and oEmbed discovery links."""

from urllib.parse import quote

import orjson
from markupsafe import Markup

from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.formats.jsonld import NODE_BUILDERS, build_page_node, build_site_node
from app.http.alternate_links import list_alternates
from app.http.context import RequestContext
from app.http.release_dates import get_release_date
from app.web.embed.representations import has_representation


def build_head_metadata(ctx: RequestContext, title: str, path: str, current: Json, record: object) -> Json:
    """Build the variables of head.html. `record` is the JSON of the record that the page shows, or None."""
    record_type = record.get("type", "") if isinstance(record, dict) else ""
    folder = PATH_BY_RECORD_TYPE[record_type] if record_type in NODE_BUILDERS else ""
    if isinstance(record, dict) and folder and path == f"/{folder}/{record['slug']}":
        alternates = list_alternates(ctx, folder, record["slug"], without="text/html")
        nodes = [NODE_BUILDERS[record_type](record, get_release_date(ctx, record["last_changed_in"]))]
    else:
        alternates = []
        version, license_json = current["version"], current["license"]
        nodes = [
            build_page_node(title, path, license_json=license_json, version=version, modified=ctx.release.date),
            *([build_site_node(license_json=license_json)] if path == "/" else ()),
        ]
    return {
        "alternates": alternates,
        "discovery": _build_discovery_links(ctx, path, title),
        "linked_data": [escape_json_for_html(ctx.resolve_links(orjson.dumps(node))) for node in nodes],
    }


def _build_discovery_links(ctx: RequestContext, path: str, title: str) -> list[tuple[str, str, str]]:
    """Media type, URL and title of the links that tell an editor where the oEmbed response of a page is.

    Empty without an absolute base, which a remote editor needs, and for a page that has no card.
    """
    base, procedures = ctx.settings.absolute_base, ctx.request.query_params.getlist("procedure")
    if not base or not has_representation(path, procedures):
        return []
    query = "&".join(f"procedure={quote(name)}" for name in procedures) if path in {"/compare", "/relief"} else ""
    url = quote(f"{base}{path}{'?' if query else ''}{query}", safe="")
    return [
        (media_type, f"{base}/oembed?url={url}&format={format_name}", title)
        for format_name, media_type in (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))
    ]


def escape_json_for_html(body: bytes) -> Markup:
    """Escape JSON for a script element, so that an HTML parser finds no markup in it."""
    text = body.decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - every character that could end the element is escaped
