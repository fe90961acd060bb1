# make lab         Open your copies of the notebooks in JupyterLab
# make copy        Copy the notebooks without outputs; keep the copies that exist
# make test        Run the tests that every change must pass: 10 minutes on 2 cores
# make proof       Run all tests, also the slow ones, but not ruff and mypy: 30 minutes on 2 cores
# make docs        Build the web site in artefacts/docs
# make bench       Measure this library and others; write docs/performance.md
# make notebooks   Run the notebooks; store their outputs
# make pictures    Update the README's image
# make rubric      Check the notebooks against the rubric; write docs/rubric.md
# make lock        Update requirements.lock to the newest versions
# make clean       Delete the environment and everything that was built
# make lab FOLDER=../course     Put the copies there instead of in my-notebooks
# make lab FOLDER=notebooks     Open the originals
# make lab PYTHON=python3.13    Choose the interpreter (3.11 or newer)

PYTHON ?= python3
FOLDER ?= my-notebooks
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints requirements.lock

# Some containers set this. Without compiled files, Python takes three times as long to load.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab copy predict test proof lint docs bench notebooks pictures rubric lock clean
help:
	@sed -n '/^$$/q; s/^# //p' Makefile

# FOLDER=notebooks opens the originals, so nothing is copied.
ifneq ($(abspath $(FOLDER)),$(abspath notebooks))
lab: copy
endif
# In a container you are often root, which JupyterLab refuses without --allow-root.
lab: $(VENV)/lab
	$(BIN)/jupyter lab --notebook-dir='$(FOLDER)' $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_OPTIONS)

# predict is the former name of copy.
copy predict: $(VENV)/lab
	$(BIN)/lesson-app copy '$(FOLDER)'

# loadfile keeps each test file, and each notebook, in one of the parallel processes.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -p tests.plugin --nbval --durations 3 -o console_output_style=classic \
  --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test: $(VENV)/test tests/express/node/node_modules lint
	$(PYTEST) --quick --cov

# CI runs `make test` first, and then repeats nothing: make proof OPTIONS=--skip-passed
proof: $(VENV)/test tests/express/node/node_modules
	$(PYTEST) $(OPTIONS)

lint: $(VENV)/test
	$(BIN)/ruff check
	$(BIN)/ruff check --preview --select PLW1514 lesson_app course tools benchmarks # Windows reads no UTF-8 by default
	$(BIN)/ruff format --check
	$(BIN)/mypy

# A warning is an error. The folder is deleted first, so that no page without a source stays.
docs: $(VENV)/test
	@rm -rf artefacts/docs
	$(BIN)/python -m sphinx --builder html --conf-dir docs --doctree-dir artefacts/doctrees --fresh-env \
	  --nitpicky --fail-on-warning --keep-going --quiet . artefacts/docs
	@echo "Open artefacts/docs/index.html"

bench: $(VENV)/test tests/express/node/node_modules
	$(BIN)/python -m benchmarks.peers

notebooks: $(VENV)/test
	$(BIN)/ruff format notebooks
	$(BIN)/python tools/refresh_notebooks.py

pictures: $(VENV)/test
	$(BIN)/python -m tests.browser.take_pictures

rubric: $(VENV)/test
	$(BIN)/python -m course.rubric

# The lock covers all platforms and has hashes; it names no host, so that any mirror will do.
lock: $(VENV)/uv
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --all-extras pyproject.toml --output-file requirements.lock

$(VENV)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "expected Python 3.11 or newer, got $$($(PYTHON) --version 2>&1); set PYTHON, such as: make lab PYTHON=python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu run: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/lab: $(VENV)/uv pyproject.toml requirements.lock
	$(UV) --editable '.[lab]'
	@touch $@

$(VENV)/test: $(VENV)/lab
	$(UV) --editable '.[test,docs]'
	@touch $@

# Mozilla's own library, for the tests that compare with it. Without Node they are skipped.
tests/express/node/node_modules: tests/express/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix tests/express/node --silent --no-fund --no-audit && touch $@; \
	  else echo "npm not found: skipping the tests that compare with Mozilla's library"; fi

clean:
	rm -rf $(VENV) tests/express/node/node_modules artefacts
