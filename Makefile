# Everything a developer runs. Needs Python 3.11 or later and make; the rest is installed into .venv from the locks.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := $(subst $(comma), ,$(KB_EXTRAS))
comma := ,
SERVE_LOCKS := requirements/core.txt $(foreach extra,$(subst $(comma), ,$(KB_EXTRAS)),requirements/$(extra).txt)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --root-user-action=ignore

.PHONY: help serve test check format archive-embed evaluate-search lock full drills soak bench clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "procedure-kb needs Python 3.11 or later with venv (Debian: apt install python3-venv)"; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# A stamp holds the hash of the lock: an installed lock is never installed again.
define install
	@for lock in $(1); do \
		test -f $$lock || { echo "KB_EXTRAS names an unknown extra: $$lock is not there (known: fhir, mcp, otel)"; exit 2; }; \
		sum=$$(cksum < $$lock); stamp=$(VENV)/.$$(basename $$lock).installed; \
		if [ "$$(cat $$stamp 2>/dev/null)" != "$$sum" ]; then \
			echo "Installing $$lock"; $(PIP) --require-hashes -r $$lock && echo "$$sum" > $$stamp || exit 1; \
		fi; \
	done
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
		echo "$(CURDIR)" > "$$site/procedure_kb.pth"; \
		printf '#!%s\nfrom app.cli import main\n\nif __name__ == "__main__":\n    main()\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/procedure-kb; chmod +x $(BIN)/procedure-kb
endef

serve: $(BIN)/python ## Install, migrate, load the seed and serve (KB_HOST, KB_PORT, KB_DATABASE_URL, KB_EXTRAS)
	$(call install,$(SERVE_LOCKS))
	@exec $(BIN)/procedure-kb serve

$(VENV)/.dev: $(BIN)/python
	$(call install,requirements/dev.txt)

.PHONY: $(VENV)/.dev

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/python -m pytest -n $${KB_TEST_WORKERS:-2} $(PYTEST_ARGS)

check: $(VENV)/.dev ## Lint, types, migrations on both engines, seed files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python tests/check_migrations.py
	@$(BIN)/procedure-kb schema --check
	@$(BIN)/procedure-kb check --strict

format: $(VENV)/.dev ## Format and fix what a machine can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

archive-embed: $(VENV)/.dev ## Keep the newest build of the embed script permanently
	@PYTHONPATH=. $(BIN)/python scripts/archive_embed.py

evaluate-search: $(VENV)/.dev ## Measure how well search finds what was meant, over the loaded database
	@PYTHONPATH=.:tests $(BIN)/python -m search.evaluation

lock: ## Make the lock files anew (needs uv)
	@requirements/lock.sh

full: check ## Everything, the long things at full length
	@KB_FULL=1 $(BIN)/python -m pytest -n 2
	@KB_FULL=1 .ci/run

drills: $(VENV)/.dev ## Break things on purpose and count what callers notice
	@bash tests/drills/run --write docs/performance/drills.json

soak: $(VENV)/.dev ## Ten minutes of load through nginx, and write docs/performance
	@PYTHONPATH=.:tests $(BIN)/python -m drills.soak --seconds $${KB_SOAK_SECONDS:-600} --write docs/performance

bench: $(VENV)/.dev ## Measure, and write docs/performance
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.run

clean: ## Remove what was installed and made
	@rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache
