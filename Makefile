# make brief: from nothing to the report. make test: everything that must hold. make coverage: how much of the code the tests run. make bench TNTP=folder: speed, with peers. Needs Python 3.11 or newer and pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
DEV := $(VENV)/.dev

.PHONY: brief test coverage format bench docs clean

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(DEV): $(STAMP) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

brief: $(STAMP)
	$(BIN)/daliz brief --out brief
	@echo "The report lies in brief/brief.html and brief/brief.pdf."

test: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

coverage: $(DEV)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report=json:.coverage.json
	$(BIN)/python tools/check_coverage.py .coverage.json

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	$(BIN)/python bench/page.py $(if $(TNTP),--tntp $(TNTP))

docs: $(DEV)
	$(BIN)/python tools/make_docs.py

clean:
	rm -rf $(VENV) brief build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.json
