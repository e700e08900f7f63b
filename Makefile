# make demo: install, then train on the shipped corpus and solve its analogies.   make test: install, then run the tests.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test slow mutants lint docs bench clean
demo: .venv/installed
	$(BIN)/seqkit demo

test: .venv/installed-test
	$(BIN)/python -m pytest -n 2

slow: .venv/installed-test
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -m "slow or gpu"

mutants: .venv/installed-test
	$(PIP) -e ".[mutation]"
	nice $(BIN)/python -m benchmarks mutants

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/installed-test
	$(BIN)/mkdocs build --quiet --strict

bench: .venv/installed-test
	$(PIP) -e ".[bench]"
	for name in corpus skipgram softmax vectors cells lm loss sample; do $(BIN)/python -m benchmarks $$name || exit 1; done

# torch first and alone, by its exact version: the wheels chosen for a range may bring gigabytes of CUDA
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seqkit needs Python 3.11 or newer; call: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) "$$(grep '^torch==' constraints.txt)"
	$(PIP) -e .
	touch $@

.venv/installed-test: .venv/installed
	$(PIP) -e ".[test]"
	touch $@

clean:
	rm -rf .venv build site *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
