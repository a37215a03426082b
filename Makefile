# Everything sets itself up in .venv; a machine needs only Python 3.11 or later.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench bench-detection elasticsearch clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS ?= 200
ROUNDS ?= 44
READY := $(VENV)/.ready

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

$(READY): pyproject.toml scripts/install.py
	$(PYTHON) scripts/install.py $(VENV)
	@touch $@

demo: $(READY) ## simulate a service with faults, find them, write the report
	$(BIN)/driftlog demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest

lint: $(READY) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## measure everything, peers in the same run
	$(BIN)/python -m benchmarks.hotpath
	$(BIN)/python benchmarks/scanning.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/shipping.py
	$(BIN)/python benchmarks/kills.py
	$(BIN)/python benchmarks/window.py
	$(BIN)/python -m benchmarks.analysis
	$(BIN)/python benchmarks/disk.py --save

bench-detection: $(READY) ## race the detectors with the peers on real data with faults (hours; make ... RUNS=25 ROUNDS=8 for fewer runs)
	$(BIN)/python -m benchmarks.detection --runs $(RUNS) --rounds $(ROUNDS)

elasticsearch: $(READY) ## run an Elasticsearch node like that of the tests
	@$(BIN)/python -m tests.elasticsearch.node

clean: ## remove what the other targets made
	rm -rf $(VENV) .cache driftlog-demo
