# `make` lists the targets. Python 3.11 or newer is all that has to be there: make setup PYTHON=python3.13
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help setup demo test test-quick torture fuzz mutants test-slurm pipeline check bench docs slides lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK_VENV := .cache/lock
PIPELINE := .cache/pipeline
PIPELINE_READY := $(PIPELINE)/.ready
DOCS := .cache/docs
DOCS_READY := $(DOCS)/.ready
DOCS_SOURCE := .cache/docs-source
PIP_FLAGS := -q --no-input --disable-pip-version-check
PYTEST_FLAGS ?= -n 2 --dist worksteal

QUICK := tests/genetics tests/samples/test_question.py tests/samples/loci tests/samples/hla/typed \
  tests/samples/hla/test_records.py tests/scoring/test_additive.py tests/scoring/kinds tests/scoring/risk \
  tests/cli/test_imports.py tests/files/test_outputs.py riskscore/errors.py riskscore/genetics

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(READY) ## Make .venv with the locked packages and riskscore itself

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "riskscore needs Python 3.11 or newer, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1 || true)" >&2; \
	  echo "Name another with: make setup PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements.lock
	$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Score the example people and show what comes out
	$(BIN)/riskscore demo

test: setup ## Run the tests; what was skipped is listed with its reason
	$(BIN)/python -m pytest -rs $(PYTEST_FLAGS)

test-quick: setup ## The core in less than a minute: names, genotypes, HLA types, scores, risks, imports
	$(BIN)/python -m pytest -q $(PYTEST_FLAGS) $(QUICK)

torture: setup ## Kill 300 runs, starve and race batches, of which `make test` samples a part
	RISKSCORE_TORTURE=1 $(BIN)/python -m pytest -rsP tests/torture

FUZZ_FLAGS = --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

mutants: setup ## Run tests on code with one change (ROOMS=riskscore/genetics SAMPLE=100)
	$(BIN)/python -m tests.mutants.run $(ROOMS) $(if $(SAMPLE),--sample $(SAMPLE))

fuzz: setup ## Read files of every kind with changed bytes (MINUTES=10 for each of two parts; SEED=1)
	$(BIN)/python -m tests.fuzz.readers $(FUZZ_FLAGS)
	$(BIN)/python -m tests.fuzz.two_paths $(FUZZ_FLAGS)

# Snakemake is no dependency of riskscore: it has an environment of its own.
$(PIPELINE_READY): pipelines/requirements.lock
	$(PYTHON) -m venv $(PIPELINE)
	$(PIPELINE)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r pipelines/requirements.lock
	@touch $@

pipeline: setup $(PIPELINE_READY) ## Run the example pipeline on this machine
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIPELINE)/bin/snakemake -s pipelines/Snakefile \
	  --profile pipelines/profiles/local

test-slurm: setup $(PIPELINE_READY) ## Run the example pipeline on a real Slurm, set up and taken down
	tests/slurm/run.sh

check: setup ## Lint, formatting, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup ## Measure beside plink2, cyvcf2 and bcftools (BENCH="a1k --repeats 3")
	$(BIN)/python -m tests.benchmarks.measure $(BENCH)
	$(BIN)/python -m tests.benchmarks.shipped_models

# Sphinx too has an environment of its own, which sees that of riskscore.
$(DOCS_READY): docs/requirements.lock $(READY)
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r docs/requirements.lock
	@printf '%s\n' '$(CURDIR)' "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
	  > "$$($(DOCS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/riskscore.pth"
	@touch $@

docs: setup $(DOCS_READY) ## Build the documentation into build/docs; warnings are errors
	rm -rf $(DOCS_SOURCE) build/docs
	mkdir -p $(DOCS_SOURCE)/included
	cp -R docs/. notebooks $(DOCS_SOURCE)
	cp reference/models/README.md $(DOCS_SOURCE)/included/models.md
	$(DOCS)/bin/python -m sphinx -W --keep-going -q -b html $(DOCS_SOURCE) build/docs
	@echo "build/docs/index.html"

LESSONS := notebooks/*.ipynb
SLIDES := build/slides

# What shows slides is loaded from the web as they are opened, or from LIBRARIES, which is named as from build/slides.
SLIDES_FROM = $(if $(LIBRARIES),--reveal-prefix $(LIBRARIES)/reveal.js \
  --SlidesExporter.require_js_url=$(LIBRARIES)/requirejs/require.js \
  --SlidesExporter.jquery_url=$(LIBRARIES)/jquery/dist/jquery.min.js \
  '--SlidesExporter.mathjax_url=$(LIBRARIES)/mathjax/MathJax.js?config=TeX-AMS_CHTML-full')

slides: setup $(DOCS_READY) ## Make a slide deck of each lesson in build/slides (LIBRARIES=node_modules: no web)
	$(DOCS)/bin/python -m jupyter nbconvert --to slides --no-input --output-dir $(SLIDES) \
	  --SlidesExporter.reveal_scroll=True --SlidesExporter.exclude_input_prompt=True \
	  --SlidesExporter.exclude_output_prompt=True --SlidesExporter.exclude_anchor_links=True \
	  $(SLIDES_FROM) $(LESSONS)

lock: ## Write requirements.lock anew from pyproject.toml (LOCK_FLAGS=--upgrade for newer releases)
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install $(PIP_FLAGS) uv
	$(LOCK_VENV)/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url --extra dev --extra all $(LOCK_FLAGS) -o requirements.lock pyproject.toml
	@{ echo '# Every package of riskscore and of its tests, with hashes: Python 3.11 to 3.14, Linux and macOS.'; \
	   echo '# Written by `make lock` from pyproject.toml; do not edit by hand.'; cat requirements.lock; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	$(LOCK_VENV)/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url $(LOCK_FLAGS) -o pipelines/requirements.lock pipelines/requirements.in
	@{ echo '# Snakemake and what it needs, with hashes: for pipelines/ alone, never for riskscore itself.'; \
	   echo '# Written by `make lock` from pipelines/requirements.in; do not edit by hand.'; \
	   cat pipelines/requirements.lock; } > requirements.lock.new
	@mv requirements.lock.new pipelines/requirements.lock
	$(LOCK_VENV)/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url $(LOCK_FLAGS) -c requirements.lock -o docs/requirements.lock docs/requirements.in
	@{ echo '# Sphinx, nbconvert and what they need, with hashes: for docs/ alone; what requirements.lock has too is the same.'; \
	   echo '# Written by `make lock` from docs/requirements.in; do not edit by hand.'; \
	   cat docs/requirements.lock; } > requirements.lock.new
	@mv requirements.lock.new docs/requirements.lock

clean: ## Remove .venv and everything else that can be made again
	rm -rf $(VENV) .cache build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
