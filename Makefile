# make run     sets all up and serves on http://127.0.0.1:8000
# make test    sets all up and runs every test
# make check   format, lint, types, floors, tests, coverage: what CI runs
# make fix     lets the tools put right what they can

VENV := .venv
BIN  := $(VENV)/bin
ARGS ?=
# Test processes: most tests wait for servers of their own. The modules are taken in their order, in which those that
# take long come first; pytest-xdist would begin with those that have many tests.
WORKERS ?= 4
SPREAD := -n $(WORKERS) --dist loadscope --no-loadscope-reorder

.PHONY: run setup test check fix lock bench clean

run: $(VENV)/.installed
	@exec $(BIN)/masterx serve $(ARGS)

setup: $(VENV)/.installed

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(SPREAD) --cov --cov-report=term --cov-fail-under=90

fix: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

# The locks carry hashes and no addresses: any index that has these very files will do.
lock: $(VENV)/.installed-dev
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements.lock -o requirements-dev.lock

$(VENV)/.installed: requirements.lock pyproject.toml setup.sh
	@./setup.sh requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml setup.sh
	@./setup.sh requirements-dev.lock
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info
