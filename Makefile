PYTHON ?= python3
BIN := .venv/bin
EXTRAS ?= dev,docs,search,joblib

COMMA := ,
# The stamp is named after the extras, so that others are installed too.
INSTALLED := .venv/.installed-$(subst $(COMMA),-,$(EXTRAS))

.PHONY: install quickstart test test-fast coverage docs format clean

## Set up the virtual environment
install: $(INSTALLED)

## Set up and train the quickstart: about eight reference minutes, pictures in outputs/quickstart/
quickstart: $(INSTALLED)
	$(BIN)/python -m cvae_lightning.train +experiment=quickstart resume=auto

## Set up and check everything: lint, types, tests
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

## The tests that take under two seconds each, in about a minute and a half
test-fast: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not e2e and not browser"

## Measure which lines the quick tests reach; fails below the floor in pyproject.toml
coverage: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not e2e and not browser" --cov

## Build the documentation into docs/_build/html
docs: $(INSTALLED)
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

## Put the code into the house format
format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist docs/_build docs/api docs/results .pytest_cache .mypy_cache .ruff_cache

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	touch $@
