PYTHON ?= python3
BIN := .venv/bin
EXTRAS ?= dev,docs,search,joblib

COMMA := ,
# The stamp is named after the extras, so that others are installed too.
INSTALLED := .venv/.installed-$(subst $(COMMA),-,$(EXTRAS))

# Tools that look at dependencies; they live in an environment of their own.
SUPPLY := .venv-supply
SUPPLY_TOOLS := uv==0.13.9 pip-audit==2.10.1 cyclonedx-bom==7.5.0
COOL_DOWN := 2 days

# Two processes, a file at a time, in the order of tests/conftest.py: the longest files first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: campaign install install-locked quickstart test test-fast coverage fuzz lock audit sbom docs format clean

## Set up the virtual environment
install: $(INSTALLED)

## Set up the virtual environment from requirements.lock alone: every file that is downloaded has a known SHA-256
install-locked: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(INSTALLED)

## Set up and train the quickstart: about eight reference minutes, pictures in outputs/quickstart/
quickstart: $(INSTALLED)
	$(BIN)/python -m cvae_lightning.train +experiment=quickstart resume=auto

## Set up and check everything: lint, types, tests
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(PARALLEL)

## The tests that take under two seconds each, in about a minute and a half
test-fast: $(INSTALLED)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not e2e and not browser"

## Kill 300 runs, fill the disk of 60 and compare each with the unbroken one; then work for long: about an hour
campaign: $(INSTALLED)
	PYTHONPATH=.:tests OMP_NUM_THREADS=1 $(BIN)/python -m campaigns.kill --kills 300
	PYTHONPATH=.:tests OMP_NUM_THREADS=1 $(BIN)/python -m campaigns.kill --kills 60 --full-disk
	PYTHONPATH=.:tests OMP_NUM_THREADS=1 $(BIN)/python -m campaigns.endurance --out outputs/endurance

## Measure which lines the quick tests reach; fails below the floor in pyproject.toml
coverage: $(INSTALLED)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not e2e and not browser" --cov

## Read 10,000 damaged captions, 5,000 command lines and 5,000 damaged files of each kind: an hour or two
fuzz: $(INSTALLED)
	FUZZ_CAPTIONS=10000 FUZZ_CONFIGS=5000 FUZZ_EXAMPLES=5000 $(BIN)/python -m pytest -n 2 tests/attacks/fuzz

## Write requirements.lock anew, of releases that are at least two days old, and docs/licences.md
lock: $(INSTALLED) $(SUPPLY)
	$(SUPPLY)/bin/uv pip compile pyproject.toml --constraint constraints.txt $(addprefix --extra ,$(subst $(COMMA), ,$(EXTRAS))) \
		--universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet \
		--exclude-newer "$(COOL_DOWN)" --output-file requirements.lock
	$(BIN)/python docs/make_licences.py

## Look for known vulnerabilities in the locked versions
audit: $(SUPPLY)
	$(SUPPLY)/bin/pip-audit --requirement requirements.lock --disable-pip --require-hashes --strict

## Write build/sbom.json, the list of everything that is installed, as CycloneDX
sbom: $(INSTALLED) $(SUPPLY)
	mkdir -p build
	$(SUPPLY)/bin/cyclonedx-py environment .venv --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json

$(SUPPLY):
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install --quiet $(SUPPLY_TOOLS)

## Build the documentation into docs/_build/html
docs: $(INSTALLED)
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

## Put the code into the house format
format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-supply build dist docs/_build docs/api docs/results .pytest_cache .mypy_cache .ruff_cache

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	touch $@
