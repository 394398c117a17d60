# Everything a person needs: make demo | make test. The rest is for those who work on Zhibao.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1
ARGS ?=
NAME ?= intake
say = @printf '%s\n' "$(1)"

.PHONY: setup demo run test check fix docs bench screenshots faults front locks translations clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^## //p' Makefile

## make demo   install, start everything, seed a demo district and show the main job (first time about 3 minutes, then 1 minute)
demo: $(VENV)/.run front translations
	@$(BIN)/zhibao demo $(ARGS)

## make test   install and pass the tests on real PostgreSQL and Valkey (5 to 8 minutes, and 1 to install the first time)
test: $(VENV)/.dev front translations
	@$(BIN)/python -m tests.run $(ARGS)

## make run    start everything in ./var
run: $(VENV)/.run front translations
	@$(BIN)/zhibao up $(ARGS)

## make setup  install for development
setup: $(VENV)/.dev front translations

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zhibao needs Python 3.11 or newer; set PYTHON=/path/to/python3")'
	$(call say,Making the environment in $(VENV) (5 s) …)
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@[ -f $(VENV)/.dev ] || { echo "Installing packages (about 1 minute) …"; $(BIN)/python -m pip install -q --require-hashes -r requirements.lock; }
	@[ -f $(VENV)/.dev ] || $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(call say,Installing packages and test tools (about 1 minute) …)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

## make front  build styles and scripts (Node comes from a Python wheel)
front: intake/web/static/manifest.json
ASSETS := $(shell find intake/web/assets intake/web/templates -type f)
node_modules/.package-lock.json: package.json package-lock.json .npmrc | $(VENV)/bin/python
	$(call say,Fetching front-end packages (5 s) …)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --loglevel=error --no-audit --no-fund --no-progress > /dev/null || { echo "The front-end packages could not be fetched: see npm's words above. Behind a proxy set HTTPS_PROXY, then run the same command again."; exit 1; }
	@touch $@
intake/web/static/manifest.json: $(ASSETS) vite.config.js node_modules/.package-lock.json
	$(call say,Building styles and scripts (2 s) …)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node node_modules/vite/bin/vite.js build --logLevel warn
	@touch $@

PO := $(wildcard intake/translations/*/LC_MESSAGES/*.po)
translations: $(PO:.po=.mo)
%.mo: %.po
	@$(BIN)/pybabel -q compile -i $< -o $@

## make check  lint, types, layers, generated documents, and whole installations: in a browser, and killed (10 to 15 minutes; without Chromium 5)
check: $(VENV)/.dev front translations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q . || { echo "some files are not formatted: run make fix"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports > .import_linter_cache.log 2>&1 || { cat .import_linter_cache.log; exit 1; }; rm -f .import_linter_cache.log
	@$(BIN)/zhibao docs --check
	@$(BIN)/python -m tests.locks
	@$(BIN)/python -m tests.run --browser
	@$(BIN)/python -m tests.run --faults

## make fix    what the linter can mend by itself
fix: $(VENV)/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format -q .

## make docs   write the generated documents anew
docs: $(VENV)/.dev front
	@$(BIN)/zhibao docs

## make bench NAME=intake  measure, with a bare reference in the same run
bench: $(VENV)/.dev front translations
	@$(BIN)/python -m bench.$(NAME) $(ARGS)

## make screenshots  take every page of a demo district on phone and desk, light, dark and large (about 2 minutes; needs Chromium)
screenshots: $(VENV)/.dev front translations
	@$(BIN)/python -m bench.screenshots $(ARGS)

## make faults kill, stop and empty real servers
faults: $(VENV)/.dev front translations
	@$(BIN)/python -m tests.run --faults $(ARGS)

## make locks  resolve the lock files anew
locks: $(VENV)/.dev
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 --extra build --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) node_modules intake/web/static
