"""oEmbed discovery links, which tell an editor where the oEmbed response of a page is."""

from urllib.parse import quote

from app.settings import Settings


def build_discovery_links(settings: Settings, path: str, title: str) -> list[tuple[str, str, str]]:
    """Media type, URL and title of the two discovery links of a page; empty without KB_PUBLIC_URL."""
    if not settings.public_url:
        # A remote editor needs an absolute URL, and only the setting knows it.
        return []
    url = quote(f"{settings.public_url}{path}", safe="")
    return [
        (media_type, f"{settings.public_url}/oembed?url={url}&format={format_name}", title)
        for format_name, media_type in (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))
    ]
