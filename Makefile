# A newcomer has python3, pip and make; everything else is made here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EMULATORS := .venv-emulators
EMULATORS_STAMP := $(EMULATORS)/.installed
PRISM := @stoplight/prism-cli@5.14.2
PRISM_STAMP := .node/.$(notdir $(PRISM))
DROP ?=
BENCH ?=

export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help install emulators mocks demo dev test check bench format constraints clean

help: ## Show what there is.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv and install Teamster with its pinned dependencies.

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Teamster needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

emulators: $(EMULATORS_STAMP) ## Make .venv-emulators: Google's storage and BigQuery for the tests.

# An environment of its own: the emulators' dependencies and ours are at odds.
$(EMULATORS_STAMP): constraints-emulators.txt
	@test -x $(EMULATORS)/bin/python || $(PYTHON) -m venv $(EMULATORS)
	@echo "Installing Google's emulators into $(EMULATORS) ..."
	@$(EMULATORS)/bin/python -m pip install -qq --disable-pip-version-check --requirement constraints-emulators.txt
	@touch $(EMULATORS_STAMP)

mocks: $(PRISM_STAMP) ## Make .node: Prism, which answers as vendors' OpenAPI documents say (needs npm).

# Without npm, or its packages, the tests against it are skipped, and say so.
$(PRISM_STAMP):
	@mkdir -p .node
	@npm install --silent --no-audit --no-fund --no-package-lock --prefix .node $(PRISM) \
		|| echo "Prism is not here: tests against vendors' OpenAPI documents will be skipped."
	@touch $(PRISM_STAMP)

demo: $(STAMP) ## Run everything once: vendors' servers, ingestion, dbt, answers. DROP=<folder> serves yours.
	@$(BIN)/teamster demo $(if $(DROP),--drop "$(DROP)")

dev: $(STAMP) ## Open the Dagster UI over all code locations, the demo's servers running.
	@$(BIN)/teamster dev $(if $(DROP),--drop "$(DROP)")

test: $(STAMP) $(EMULATORS_STAMP) $(PRISM_STAMP) ## Run the tests.
	@# In the order of their names the longest files, of few tests, come first and not last.
	@TEAMSTER_REQUIRE_EMULATORS=1 $(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

check: $(STAMP) ## Lint, types, layers, dbt parse, Dagster definitions.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/teamster dbt-parse
	$(BIN)/dg check defs

bench: $(STAMP) ## Measure: the figures of docs/performance.md. BENCH=<name> runs one of them.
	@$(BIN)/python -m benchmarks $(BENCH)

format: $(STAMP) ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: ## Pin the newest versions that fit (needs uv).
	uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --extra dev --upgrade --output-file constraints.txt pyproject.toml
	uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --group emulators --upgrade --output-file constraints-emulators.txt

clean: ## Remove what runs leave behind, objects and warehouse included; .venv stays.
	rm -rf .teamster .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf src/dbt/*/target src/dbt/*/dbt_packages src/dbt/*/logs
