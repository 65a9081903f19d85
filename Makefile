# One command for each chore; each works alone, on a machine with Python 3.11 to 3.13 and make.
# Everything installed goes into .venv, every file of it checked against the hashes in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --python $(BIN)/python --build-constraints requirements/build.txt
# Which home folder `make airflow` works on.
HOME_FOLDER ?= $(or $(TRANSSHIP_HOME),data)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench accuracy airflow docs lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1	\2/' | expand -t 16

demo: $(VENV)/main.stamp ## Everything on invented ships, with no network: data/demo, in about three minutes
	$(BIN)/transship demo

test: $(VENV)/dev.stamp ## Run all tests
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

lint: $(VENV)/dev.stamp ## Check style, types and SQL; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 sql

format: $(VENV)/dev.stamp ## Put Python and SQL into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 sql

bench: $(VENV)/main.stamp ## Speed and memory of a whole Danish day (20 million rows) against DuckDB alone
	$(BIN)/python -m benchmarks.speed

accuracy: $(VENV)/main.stamp ## How well links are found and how true scores are, on invented worlds, into docs/accuracy.md
	$(BIN)/python -m benchmarks.accuracy --write

airflow: $(VENV)/airflow.stamp ## A local Airflow with its page, on SQLite (HOME_FOLDER=DIR says on what)
	$(BIN)/python -m dags.local --home "$(HOME_FOLDER)"

docs: $(VENV)/dev.stamp ## Make the generated parts of docs/ again
	$(BIN)/python docs/generate.py

lock: $(VENV)/uv.stamp ## Choose the newest allowed versions of everything and write them to requirements/
	$(BIN)/python requirements/lock.py --upgrade

clean: ## Remove the environment and all that tools left behind; data/ stays
	rm -rf $(VENV) dist airflow-home .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp stands when its environment is whole: a second call finds it and does nothing.
$(VENV)/uv.stamp: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/main.stamp: $(VENV)/uv.stamp requirements/main.txt requirements/build.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/main.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/airflow.stamp: $(VENV)/uv.stamp requirements/airflow.txt requirements/build.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/airflow.txt
	$(INSTALL) --no-deps --editable .
	@touch $@ $(VENV)/main.stamp

$(VENV)/dev.stamp: $(VENV)/uv.stamp requirements/dev.txt requirements/build.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-deps --editable .
	@touch $@ $(VENV)/main.stamp $(VENV)/airflow.stamp
