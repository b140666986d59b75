"""Release preparation: artifacts that the processes of a host share, built by a child process and opened in a thread.

Work too slow for a request (the text index, the OpenAPI document, the exports) is done when a process first sees a release.
Without a server (in tests, in `export --static`, in the child process itself) the first request that needs one builds it.
"""

import asyncio
import gc
import hashlib
import logging
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import orjson
from fastapi import FastAPI, Request
from starlette.types import ASGIApp

from app.errors import NotReady
from app.files.build_once import build_once, is_intact, stamp_files
from app.gc_pause import gc_paused
from app.http.context import RequestContext, request_context, resolve_links
from app.http.services import Services, get_services
from app.settings import Settings
from app.version import code_fingerprint

_log: Final = logging.getLogger("procedure_kb.preparation")
# Program of the child process: `python -m` with the name of the artifact, the revision and the directory.
BUILDER: Final = "app.release_artifact"
# Seconds until a failed preparation is tried again.
RETRY_SECONDS: Final = 10.0
# Seconds between two looks at whether the opened files are still as they were.
CHECK_SECONDS: Final = 10.0
T = TypeVar("T")


@dataclass(frozen=True)
class ReleaseArtifact(Generic[T]):
    """Files built once for each release, and the value that requests use them through."""

    name: str
    # What a caller waits for, in words.
    label: str
    find_directory: Callable[[Settings, str], Path]
    write: Callable[[RequestContext, Path], None]
    # Runs in a thread beside the event loop: no single call in it may hold the interpreter for long.
    open: Callable[[RequestContext, Path], T]
    # Added to the niceness of the child process.
    niceness: int = 0


def content_key(settings: Settings, revision: str) -> str:
    """Key of files that contain links: their bytes depend on the content, the code and the settings that enter links."""
    links = resolve_links(settings, orjson.dumps("\x01 \x02")).decode()
    parts = (revision, code_fingerprint(), links, settings.fingerprint)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]


def get_prepared(ctx: RequestContext, artifact: ReleaseArtifact[T]) -> T:
    """Value of an artifact of this release. Raises NotReady while it is being prepared."""
    services, revision = get_services(ctx.request), ctx.release.revision
    if not services.prepares_releases:
        return services.prepared.get(revision, artifact.name, lambda: _build_and_open(ctx, artifact))
    value = services.prepared.find(revision, artifact.name)
    if value is None:
        # The gateway waits a while for this, then asks again.
        ctx.request.scope["state"]["kb_is_ready"] = lambda: services.prepared.find(revision, artifact.name) is not None
        failure = services.preparation_failure
        detail = f"{artifact.label} of release {ctx.release.version} is being prepared."
        raise NotReady(f"{detail} The last attempt failed: {failure}." if failure else detail, retry_after=2)
    return cast("T", value)


def _build_and_open(ctx: RequestContext, artifact: ReleaseArtifact[T]) -> T:
    directory = artifact.find_directory(ctx.settings, ctx.release.revision)
    build_once(directory, lambda work: artifact.write(ctx, work))
    return artifact.open(ctx, directory)


@dataclass(frozen=True)
class OpenedDirectory:
    """Directory of files that this process has opened, as it was then."""

    revision: str
    directory: Path
    stamp: dict[str, tuple[int, int, int]]


class ReleaseSuperseded(Exception):
    """The database has since moved to another release."""


class BuildFailed(Exception):
    """The child process could not build the files."""


class ReleasePreparer:
    """Prepares one release at a time. `artifacts` in the order of their urgency: readiness needs the first alone."""

    def __init__(self, app: FastAPI, services: Services, artifacts: tuple[ReleaseArtifact[Any], ...]) -> None:
        self.app, self.services, self.artifacts = app, services, artifacts
        self._task: asyncio.Task[None] | None = None
        self._retry_at = self._check_at = 0.0
        # By the name of the artifact.
        self._opened: dict[str, OpenedDirectory] = {}
        # Names of the artifacts whose files were damaged while they were served.
        self._damaged: set[str] = set()

    def is_prepared(self, revision: str) -> bool:
        """Whether every artifact of a release is ready."""
        return all(self.services.prepared.find(revision, artifact.name) is not None for artifact in self.artifacts)

    def start(self, revision: str) -> None:
        """Prepare a release in the background, unless it is prepared or another preparation runs."""
        running = self._task is not None and not self._task.done()
        if not (running or self.is_prepared(revision) or time.monotonic() < self._retry_at):
            self._task = asyncio.create_task(self._prepare(revision))

    def check_soon(self) -> None:
        """Have the next check look at the files, however short ago the last one was."""
        self._check_at = 0.0

    async def check_files(self) -> None:
        """Drop what was opened from files that are gone or changed since, so that it is prepared again."""
        now = time.monotonic()
        if now < self._check_at:
            return
        self._check_at = now + CHECK_SECONDS
        for name, opened in list(self._opened.items()):
            if await asyncio.to_thread(stamp_files, opened.directory) != opened.stamp:
                _log.error("the %s files in %s were damaged, and are prepared again", name, opened.directory)
                del self._opened[name]
                self._damaged.add(name)
                self.services.prepared.drop(opened.revision, name)

    async def stop(self) -> None:
        """End a running preparation."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _prepare(self, revision: str) -> None:
        began = time.monotonic()
        try:
            for artifact in self.artifacts:
                if self.services.prepared.find(revision, artifact.name) is None:
                    await self._prepare_artifact(artifact, revision)
        except ReleaseSuperseded:
            self._retry_at = 0.0
            _log.info("the release changed during its preparation")
        except Exception as error:  # noqa: BLE001 - the boundary of a background task: whatever fails is named and tried again
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self.services.preparation_failure = str(error)
            _log.error("release not prepared, next try in %.0f s: %s", RETRY_SECONDS, error)
        else:
            self._retry_at, self.services.preparation_failure = 0.0, ""
            _log.info("release prepared in %.1f s", time.monotonic() - began)

    async def _prepare_artifact(self, artifact: ReleaseArtifact[Any], revision: str) -> None:
        directory = artifact.find_directory(self.services.settings, revision)
        # Before the files are read: a change after that is found by the next check.
        stamp = await asyncio.to_thread(stamp_files, directory)
        if not await asyncio.to_thread(is_intact, directory):
            await build_in_child(self.services.settings, artifact, revision, directory)
            stamp = await asyncio.to_thread(stamp_files, directory)
        with gc_paused():
            value = await asyncio.to_thread(self._open, artifact, revision, directory)
            self.services.prepared.set(revision, artifact.name, value)
        if artifact.name in self._damaged:
            # Cached responses lead to the files as they were.
            self._damaged.remove(artifact.name)
            self.services.gateway.drop_responses()
        self._opened[artifact.name] = OpenedDirectory(revision, directory, stamp)
        # What is kept for days needs no collection: a full one would stop every request for a tenth of a second.
        gc.freeze()

    def _open(self, artifact: ReleaseArtifact[T], revision: str, directory: Path) -> T:
        with internal_context(self.app) as ctx:
            if ctx.release.revision != revision or not stamp_files(directory):
                raise ReleaseSuperseded
            return artifact.open(ctx, directory)


def internal_context(app: ASGIApp) -> AbstractContextManager[RequestContext]:
    """Request context of work that no caller asked for."""
    return request_context(Request({"type": "http", "app": app, "query_string": b"", "headers": [], "state": {}}))


async def build_in_child(settings: Settings, artifact: ReleaseArtifact[Any], revision: str, directory: Path) -> None:
    """Build an artifact in a child process, which waits if another worker of this host builds them. Raises BuildFailed."""
    command = (sys.executable, "-m", BUILDER, artifact.name, revision, str(directory))
    # A session of its own: Ctrl+C ends this process, and this process ends the child.
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, start_new_session=True)
    try:
        await process.communicate(settings.model_dump_json().encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise BuildFailed(f"{artifact.name} files: the child process ended with code {process.returncode}")
