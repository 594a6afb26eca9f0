# Two commands: `make run` starts the bot with embedded defaults, `make test` runs every check and test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test docs lock clean

# Compiled ahead (0.1 s when nothing changed): where Python may not write its caches, each start compiles the bot anew.
run: $(VENV)/.run
	$(BIN)/python -m compileall -q bot storage
	$(BIN)/qunops run

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run

# Writes config.example.yaml and the generated parts of README and handbook anew.
docs: $(VENV)/.test
	$(BIN)/python -m docs.generator
	$(BIN)/qunops schema --write

# Locks anew from pyproject.toml (needs uv on the PATH).
lock:
	uv pip compile -q --universal -p 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links pyproject.toml deploy/build-requirements.in -o requirements.lock
	uv pip compile -q --universal -p 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml deploy/build-requirements.in -o requirements-dev.lock

# Away with what these commands made; data/ stays.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
