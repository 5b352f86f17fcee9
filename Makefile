# Aisle: `make run` serves the page and the API, `make test` runs the tests; both prepare .venv first.
#
# TORCH_INDEX: where pip finds the CPU build of torch, if not on your default index (see README, "Installation").

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] < (3,14))' 2>/dev/null && echo $$p && break; done)
TORCH_INDEX ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
PIP_VERSION := 26.3
export HF_HUB_OFFLINE = 1

.PHONY: run test lint install install-test index lock clean help

help:
	@echo "make run | test | lint | install | index | lock | clean"

run: $(VENV)/.installed
	@exec $(VENV)/bin/python -m app serve

test: $(VENV)/.installed-test
	@$(VENV)/bin/python -m pytest -q

lint: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

install: $(VENV)/.installed

install-test: $(VENV)/.installed-test

index: $(VENV)/.installed
	$(VENV)/bin/python -m app index demo

$(VENV)/.installed: requirements/lock.txt
	@test -n "$(PYTHON)" || { echo "aisle: no Python 3.11, 3.12 or 3.13 found; install one, or run make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) server/preflight.py
	@echo "Preparing $(VENV) (about a minute)"
	@$(PYTHON) -m venv $(VENV) || { echo "aisle: cannot make a virtual environment; install Python's venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@$(PIP) install -q --upgrade pip==$(PIP_VERSION)
	@$(PIP) install -q --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX),) "$$(grep '^torch==' requirements/lock.txt)"
	@$(PIP) install -q --no-deps --prefer-binary -r requirements/lock.txt
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements/lock-test.txt
	@$(PIP) install -q --no-deps --prefer-binary -r requirements/lock-test.txt
	@touch $@

# For maintainers: resolves anew for Python 3.11 to 3.13, Linux and macOS. CUDA's libraries are left out: torch is the CPU build.
lock: $(VENV)/.installed-test
	$(VENV)/bin/python requirements/compile.py

clean:
	rm -rf $(VENV) .aisle .mypy_cache .ruff_cache .pytest_cache .hypothesis
