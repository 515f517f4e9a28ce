# `make lab` and `make test` are the two commands of the README. Only `bundle` needs Node.
PYTHON    ?= python3
LAB_DIR   ?= crysnb-notebooks
LAB_ARGS  ?=
TEST_ARGS ?=

BIN   := .venv/bin
# A file of tests stays in one process, and all browser tests in one (tests/conftest.py).
PARALLEL ?= -n auto --maxprocesses 4 --no-loadscope-reorder
STAMP := .venv/.installed

.PHONY: help .venv lab test quick lint format bundle bench
.DEFAULT_GOAL := help

help:
	@echo "make lab     open the notebooks in JupyterLab"
	@echo "make test    all tests: quick, slow and browser"
	@echo "make quick   the quick tests only"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make format  let ruff rewrite what it can"
	@echo "make bundle  build and test the browser half (needs Node)"
	@echo "make bench   run every benchmark, one JSON line each"

# Installed anew only when the requirements change. torch goes first and alone, so that the pinned
# build is chosen before anything else can ask for another one.
.venv: $(STAMP)
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crysnb needs Python 3.11 or newer; set PYTHON=…")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[notebook,train,dev]"
	touch $@

# LAB_ARGS go to JupyterLab, for example LAB_ARGS="--no-browser --port=8890".
lab: $(STAMP)
	$(BIN)/crysnb lab $(LAB_DIR) -- $(LAB_ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL) -m "not gpu and not network" $(TEST_ARGS)

quick: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not browser and not gpu and not network" $(TEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bundle:
	cd widgets && npm ci --no-audit --no-fund && npm test && npm run build

bench: $(STAMP)
	@for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done
