# Two commands matter: `make run` opens the dashboard, `make test` proves it.
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test bench bench-linkage bench-ranking check format city city-full browser clean

run: .venv/.run  ## set everything up on first use, then open the dashboard on 127.0.0.1
	@$(PY) -m kodomo start

test: .venv/.dev browser  ## the whole suite, browser tests included
	@$(PY) -m pytest -n auto --dist loadscope

bench: .venv/.dev browser  ## ratios taken side by side in one run, on the full city
	@$(PY) -m bench

bench-linkage: .venv/.bench  ## our matching beside splink and exact match, on the same rows
	@$(PY) -m bench.linkage

bench-ranking: .venv/.dev  ## the rules beside every simpler list and a gradient-boosted model, on the full city
	@$(PY) -m bench.ceiling --db data/stores/full.duckdb

check: .venv/.dev  ## format, lint, types
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyright

format: .venv/.dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

city: .venv/.run  ## the synthetic city of 60,000 residents
	@$(PY) -m kodomo demo data/city --residents 60000

city-full: .venv/.run  ## the synthetic city of 400,000 residents, loaded and judged into data/stores/full.duckdb
	@$(PY) -m kodomo start --residents 400000 --city data/city-full --db data/stores/full.duckdb --no-open

browser:  ## a browser for the browser tests: the one on this machine, Debian's, or Playwright's own
	@$(PY) tools/browser.py

.venv/.made:
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.made requirements.txt constraints.txt
	@echo "Installing the requirements ..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: .venv/.made requirements.txt requirements-dev.txt constraints.txt
	@echo "Installing the requirements for tests ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.run

.venv/.bench: .venv/.run requirements-bench.txt constraints.txt
	@echo "Installing what the linkage bench compares with ..."
	@$(PIP) -r requirements-bench.txt
	@touch $@

clean:
	@rm -rf .venv data/stores data/city data/city-full .pytest_cache .ruff_cache .hypothesis
