"""Routes of the HTML pages, the embeds and oEmbed: a module adds its own to the router when it is imported."""

# ruff: noqa: F401
import app.web.embed.configurator
import app.web.embed.frames
import app.web.embed.oembed
import app.web.embed.routes
import app.web.pages.body
import app.web.pages.compare
import app.web.pages.evidence
import app.web.pages.lists
import app.web.pages.matrix
import app.web.pages.meta
import app.web.pages.procedures
import app.web.pages.records
import app.web.pages.relief
import app.web.pages.search
import app.web.pages.static_and_sitemap
from app.web.rendering import router

__all__ = ["router"]
