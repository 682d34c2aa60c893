# Each target sets up what it needs, from a bare Debian with Python 3.11 and make; the second time
# that takes no time. `make help` lists the targets.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
export UV_NO_PROGRESS := 1
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The official npm SDKs, one folder each; npm writes this file when it is done.
SDKS := $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard tests/sdk/*/package-lock.json))
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-real bench lint lock format clean

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(if $(INTERACTIVE),.venv/.dev,.venv/.run)  ## The story: a mail that would have been lost is held, explained, and sent after all
	@$(BIN)/python -m $(if $(INTERACTIVE),mailproof.demo.interactive,mailproof demo)

test: .venv/.dev $(SDKS)  ## All tests but those that need Debian's daemons
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not real"

test-real: .venv/.dev $(SDKS)  ## Against real Postfix, Squid, nginx, Prometheus and Chromium, installed where root may
	@sh tests/real/install.sh
	@$(BIN)/python -m pytest -q -m real tests/real tests/browser tests/hard

bench: .venv/.dev  ## What explaining, accepting, sending and holding cost, as ratios in one run
	@$(BIN)/python bench/explain.py
	@$(BIN)/python bench/whole.py
	@$(BIN)/python bench/through.py
	@$(BIN)/python bench/held.py
	@$(BIN)/python bench/metrics.py
	@$(BIN)/python bench/console.py
	@$(BIN)/python bench/console_pages.py

lint: .venv/.dev  ## ruff, mypy, import-linter and the rules of the house
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check || { echo "Not formatted; run: make format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log >&2; exit 1; }
	@$(BIN)/python -m pytest -q tests/test_house.py > .venv/house.log || { cat .venv/house.log >&2; exit 1; }
	@echo "lint: nothing found"

format: .venv/.dev  ## Put the source in its usual form
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

lock: .venv/.uv  ## Resolve the pinned requirements anew, to their latest versions
	@$(COMPILE) --upgrade --python-version 3.11 pyproject.toml --extra postgres --group dev -o requirements/dev.txt
	@$(COMPILE) --upgrade --python-version 3.11 pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	@$(COMPILE) --upgrade --python-version 3.11 pyproject.toml --extra postgres -c requirements/dev.txt -o requirements/image.txt
	@echo uv | $(COMPILE) --upgrade --python-version 3.11 - -c requirements/dev.txt -o requirements/setup.txt

clean:  ## Remove what the other targets made
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@rm -rf tests/sdk/*/node_modules
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: .uv (a bare environment with uv), .run (what the product needs), .dev (all).
.venv/.uv: requirements/setup.txt
	@PYTHON="$(PYTHON)" sh requirements/make-venv.sh
	@$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $@

.venv/.run: requirements/run.txt pyproject.toml .venv/.uv
	@if [ ! -e .venv/.dev ]; then $(UV) pip install --quiet --require-hashes -r $<; fi
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@

.venv/.dev: requirements/dev.txt pyproject.toml .venv/.uv
	@$(UV) pip sync --quiet --require-hashes $<
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@ .venv/.run

tests/sdk/%/node_modules/.package-lock.json: tests/sdk/%/package-lock.json .venv/.dev
	@$(BIN)/npm ci --silent --no-audit --no-fund --prefix tests/sdk/$*
	@touch $@
