# Two commands on a fresh machine: `make quickstart` and `make test`. Nothing needs root.
#
# TORCH is what pip gets for torch. The default takes what your package index has for the pinned version. Where
# that is a CUDA build and you want the small CPU one:
#   make quickstart TORCH="torch --index-url https://download.pytorch.org/whl/cpu"
# and for a certain CUDA build, for example:
#   make quickstart TORCH="torch --index-url https://download.pytorch.org/whl/cu130"

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch
JOBS ?= 2
OUT ?= runs/quickstart
BENCH_ARGS ?= --small

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
MADE := $(VENV)/.made

.PHONY: help quickstart test lint bench clean
.DELETE_ON_ERROR:

help:
	@echo "make quickstart   install into $(VENV), render videos, embed, evaluate, write $(OUT)/report.html"
	@echo "make test         install the test extras, run the test suite"
	@echo "make lint         ruff, mypy, import-linter"
	@echo "make bench        every benchmark at a small size, a few minutes in all; nothing fails on a slow machine;"
	@echo "                  make bench BENCH_ARGS= takes the full sizes"
	@echo "make clean        remove $(VENV), caches and runs/quickstart"

quickstart: $(MADE)/run
	$(BIN)/twlv quickstart --out $(OUT)

# One thread a process: the suite runs in $(JOBS) processes.
test: $(MADE)/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

lint: $(MADE)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(MADE)/dev
	@for file in $$(grep -l '__main__' benchmarks/*.py); do \
	  echo "== $$file $(BENCH_ARGS)"; $(BIN)/python $$file $(BENCH_ARGS) || exit 1; done

clean:
	rm -rf $(VENV) runs/quickstart build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# ---------------------------------------------------------------- installing; a stamp file says what is done

$(MADE)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "twlv needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Type for example: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@mkdir -p $(MADE) && touch $@

$(MADE)/torch: constraints.txt | $(MADE)/venv
	@echo "installing torch ..."
	$(PIP) $(TORCH)
	@touch $@

$(MADE)/run: pyproject.toml constraints.txt $(MADE)/torch
	@echo "installing twlv ..."
	$(PIP) -e ".[hf,lite]"
	@touch $@

$(MADE)/dev: pyproject.toml constraints.txt $(MADE)/torch
	@echo "installing twlv with the test extras ..."
	$(PIP) -e ".[hf,lite,dev]"
	@touch $@ $(MADE)/run
