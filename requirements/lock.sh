#!/usr/bin/env bash
# Regenerate the lock files: exact versions with hashes, for every supported Python and platform, without index URLs.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "requirements/lock.sh" "$@"; }
compile pyproject.toml -o requirements/core.txt
compile pyproject.toml --extra mcp -c requirements/core.txt -o requirements/mcp.txt
compile pyproject.toml --extra fhir -c requirements/core.txt -o requirements/fhir.txt
compile pyproject.toml --extra otel -c requirements/core.txt -o requirements/otel.txt
compile pyproject.toml --extra pdf -c requirements/core.txt -o requirements/pdf.txt
compile pyproject.toml --extra mcp --extra fhir --extra pdf --group dev -c requirements/mcp.txt -o requirements/dev.txt
compile --group build -c requirements/dev.txt -o requirements/build.txt
compile --group containers -o requirements/containers.txt
compile --group sbom -o requirements/sbom.txt
# On its own: openapi-python-client allows only an older typer than the one that the command line is built on.
compile --group clients -o requirements/clients.txt
