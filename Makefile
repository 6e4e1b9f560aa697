# Lockstep: everything from a bare checkout with Python 3.11 or newer. On Windows see "Windows" in README.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench lock clean
.DELETE_ON_ERROR:

demo: $(READY)
	@$(BIN)/lockstep demo

test: $(READY)
	@$(BIN)/python -m pytest -n auto --dist worksteal

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY)
	@$(BIN)/python -m tests.bench

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lockstep needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@echo "Setting up .venv (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@echo "  1/2 installing pinned dependencies"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@echo "  2/2 installing Lockstep itself"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

lock:
	@$(PYTHON) -m uv pip compile --no-header --universal --python-version 3.11 --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info
