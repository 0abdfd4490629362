# Each target does one thing and says what it did. ARGS passes more: make test ARGS="tests/org -x", make demo ARGS="--agents 5000".
PYTHON ?= python3
BIN := .venv/bin
export PYTHON

.PHONY: setup setup-dev demo test check check-types check-rest bench soak screenshots pages lock

setup: ## .venv/bin/ccd
	@scripts/setup.sh

setup-dev:
	@scripts/setup.sh dev

demo: setup ## a simulated floor of 60 agents, its board and pages
	@$(BIN)/ccd demo $(ARGS)

test: setup-dev ## all tests, those against real servers included
	@tests/servers.sh
	@$(BIN)/python hatch_build.py test
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: check-types check-rest ## format, lint, types, who imports whom, tidiness, the pages' types
	@echo "check: all is in order"

check-types: setup-dev
	$(BIN)/mypy

check-rest: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python hatch_build.py check
	$(BIN)/python -m pytest -q tests/test_tidy.py

bench: setup-dev ## how fast, as ratios within one run; results in docs/
	@$(BIN)/python -m benchmarks $(ARGS)

soak: setup-dev ## random months of random floors; the bank test with 1,000 kills; a floor for hours
	@$(BIN)/python -m pytest -q --hypothesis-profile soak tests/bank/test_any_month.py tests/bank/test_any_order_of_a_month.py tests/bank/test_any_days_off.py
	@$(BIN)/python -c 'from tests.ledger.bank import main; main()'
	@$(BIN)/python -m benchmarks.soak $(ARGS)

screenshots: setup-dev ## the README's pictures
	@tests/servers.sh
	@$(BIN)/python scripts/screenshots.py $(ARGS)

pages: setup-dev ## agent_web/ built into ccd/web/pages/
	@$(BIN)/python hatch_build.py

lock: ## newest releases that pyproject.toml allows
	@scripts/lock.sh
