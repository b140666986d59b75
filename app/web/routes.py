"""What people see: pages rendered on the server from the same documents that the API shows."""

from fastapi import APIRouter

from app.web.embedding import configurator, documents, frames, oembed
from app.web.pages import (
    about,
    comparing,
    conditions,
    files,
    guide,
    home,
    matrix,
    procedures,
    records,
    relief,
    risks,
    searching,
    sources,
)

MODULES = (
    configurator,
    documents,
    frames,
    oembed,
    about,
    comparing,
    conditions,
    files,
    guide,
    home,
    matrix,
    procedures,
    records,
    relief,
    risks,
    searching,
    sources,
)
router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.routes.extend(module.router.routes)
