# Tasks of developers. Needs Python 3.11 or later and make: everything else is installed into .venv from the locks.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
comma := ,
SERVE_LOCKS := requirements/core.txt $(foreach feature,$(subst $(comma), ,$(KB_FEATURES)),requirements/$(feature).txt)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --root-user-action=ignore

.PHONY: help serve test check format archive-embed evaluate-search lock sbom mutants full drills soak bench clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "procedure-kb needs Python 3.11 or later with venv (Debian: apt install python3-venv)"; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# A stamp holds the hash of what was installed: an installed lock is never installed again. The package itself is installed
# editable, so that code, migrations and seed are those of the checkout.
define install
	@for lock in $(1) requirements/build.txt; do \
		test -f $$lock || { echo "KB_FEATURES names an unknown feature: $$lock is not there (known: fhir, mcp, otel, pdf)"; exit 2; }; \
		sum=$$(cksum < $$lock); stamp=$(VENV)/.$$(basename $$lock).installed; \
		if [ "$$(cat $$stamp 2>/dev/null)" != "$$sum" ]; then \
			echo "Installing $$lock"; $(PIP) --require-hashes -r $$lock && echo "$$sum" > $$stamp || exit 1; \
		fi; \
	done
	@sum="$$(cksum < pyproject.toml) $(CURDIR)"; stamp=$(VENV)/.package.installed; \
		if [ "$$(cat $$stamp 2>/dev/null)" != "$$sum" ]; then \
			$(PIP) --no-deps --no-build-isolation --editable . && echo "$$sum" > $$stamp; \
		fi
endef

serve: $(BIN)/python ## Install, migrate, load the seed and serve (KB_HOST, KB_PORT, KB_DATABASE_URL, KB_FEATURES)
	$(call install,$(SERVE_LOCKS))
	@exec $(BIN)/procedure-kb serve

$(VENV)/.dev: $(BIN)/python
	$(call install,requirements/dev.txt)

.PHONY: $(VENV)/.dev

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/python -m pytest -n $${KB_TEST_WORKERS:-2} --dist worksteal $(PYTEST_ARGS)

check: $(VENV)/.dev ## Lint, type checks, migrations on both engines, seed files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python tests/check_migrations.py
	@$(BIN)/procedure-kb schema --check
	@$(BIN)/procedure-kb check --strict

format: $(VENV)/.dev ## Format the code and fix lint findings
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

archive-embed: $(VENV)/.dev ## Keep the newest build of the embed script permanently
	@PYTHONPATH=. $(BIN)/python scripts/archive_embed.py

evaluate-search: $(VENV)/.dev ## Measure how well search finds what was meant, over the loaded database
	@PYTHONPATH=.:tests $(BIN)/python -m search.evaluation
	@PYTHONPATH=.:tests $(BIN)/python -m search.corrections

lock: ## Regenerate the lock files (needs uv)
	@requirements/lock.sh

full: check ## Full test run: every long test at full length
	@KB_FULL=1 $(BIN)/python -m pytest -n 2 --dist worksteal
	@KB_FULL=1 .ci/run
	@PYTHONPATH=.:tests $(BIN)/python -m mutation.run

mutants: $(VENV)/.dev ## Change 60 random lines, one at a time, run the tests that run them, and count what no test notices (an hour)
	@PYTHONPATH=.:tests $(BIN)/python -m mutation.run

sbom: $(VENV)/.dev ## Bill of materials of the locks (CycloneDX), in var/sbom
	@bash tests/sbom/run

drills: $(VENV)/.dev ## Fault-injection tests: break things on purpose and count what callers notice
	@bash tests/drills/run --write docs/performance/drills.json

soak: $(VENV)/.dev ## Load test through nginx: ten minutes, then ten without and ten with hostile traffic; writes docs/performance
	@PYTHONPATH=.:tests $(BIN)/python -m drills.soak --seconds $${KB_SOAK_SECONDS:-600} --write docs/performance
	@PYTHONPATH=.:tests $(BIN)/python -m drills.soak --hostile 0.05 --seconds $${KB_SOAK_SECONDS:-600} --write docs/performance

bench: $(VENV)/.dev ## Benchmark against two references; writes docs/performance
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.run

clean: ## Remove build artifacts
	@rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache
