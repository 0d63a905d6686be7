# Seatrial: `make demo` shows the main job on a real cluster, `make test` runs every test. Both install what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

UV := .tools/bin/uv
PYTHON := .venv/bin/python
WORKERS ?= 2
# End-to-end tests wait for pods and evidence most of the time, each in a namespace of its own.
CLUSTER_WORKERS ?= 4

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## The main job, live, on a real cluster (a KUBECONFIG of yours is used, otherwise one is made here)
	$(PYTHON) -m tests.demo

.PHONY: test
test: export SEATRIAL_ALL_TESTS = $(if $(KUBECONFIG),,yes)
test: setup ## Every test, on the embedded cluster too
	$(PYTHON) -m tests.cluster build
	$(MAKE) check integration cluster-test

.PHONY: check
check: setup ## Lint, types, import contracts, unit, property and simulation tests: no cluster needed
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON) -m pytest -q -n $(WORKERS) -m "not cluster" tests/unit tests/simulation tests/contract

.PHONY: integration
integration: setup ## The predictor, the collector and the trainer as processes: no cluster needed
	$(PYTHON) -m pytest -q -n $(WORKERS) -m "not cluster" tests/integration

.PHONY: cluster-test
cluster-test: setup ## The tests on the cluster: contracts, integration, end to end
	$(PYTHON) -m tests.system
	$(PYTHON) -m pytest -q -n $(CLUSTER_WORKERS) --dist worksteal --durations 12 -m "cluster and not alone"
	$(PYTHON) -m pytest -q -m "cluster and alone"

.PHONY: chaos
chaos: setup ## Half an hour of people and accidents at random on the embedded cluster, and what must hold
	$(PYTHON) -m tests.system
	$(PYTHON) -m tests.chaos

.PHONY: cluster-up
cluster-up: setup ## Start the embedded cluster (nothing is built where it is up, or where KUBECONFIG names another)
	$(PYTHON) -m tests.cluster up

.PHONY: cluster-down
cluster-down: setup ## Take the embedded cluster away, and all that it left on the machine
	$(PYTHON) -m tests.cluster down

.PHONY: cluster-status
cluster-status: setup ## Show what runs
	$(PYTHON) -m tests.cluster status

.PHONY: format
format: setup ## Format the code
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

.PHONY: setup
setup: .venv/.synced

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet
	@touch $@

$(UV):
	python3 -m venv .tools || { apt-get update -q && apt-get install -qy python3-venv && python3 -m venv .tools; }
	.tools/bin/python -m pip install --quiet 'uv>=0.13,<0.14'
