# Kith: `make help` lists the targets. Python 3.11 or newer is all that a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install up test check gen bench format breaking

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

install: $(STAMP) ## make the virtual environment .venv with everything

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Kith needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@# Only a data file of it is read; what it depends on is two hundred megabytes.
	$(BIN)/python -m pip install --quiet --no-deps 'lifetimes>=0.11.3'
	@touch $(STAMP)

up: install ## run the whole stack in the foreground; Ctrl-C stops all of it
	$(BIN)/kith up

test: install ## run the whole test suite on real Postgres, Redis and Envoy
	$(BIN)/pytest

check: install ## format, lint, types, import rules, protos, generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf format --diff --exit-code --path proto/kith
	$(BIN)/buf lint
	$(BIN)/python gen/generate.py --check
	$(BIN)/python gen/generate.py --breaking

format: install ## format code and protos
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format -w --path proto/kith

gen: install ## regenerate everything under gen/ from proto/
	$(BIN)/python gen/generate.py

breaking: install ## compare the protos with the last release tag
	$(BIN)/python gen/generate.py --breaking

bench: install ## measure the running stack (start it with make up)
	$(BIN)/kith bench context
	$(BIN)/kith bench ingest
	$(BIN)/kith bench gateway
