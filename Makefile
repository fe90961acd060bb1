# make lab      the notebooks in JupyterLab, as copies of your own in my-notebooks
# make copy     those copies, without outputs; what is already there is kept
# make test     the tests that every change must pass, notebooks included: 3 minutes on 2 cores
# make proof    every test, with all random cases (no lint, no coverage): 11 minutes on 2 cores
# make docs     the pages with all notebooks, to be read in a browser, in artefacts/docs
# FOLDER chooses where the copies are: make lab FOLDER=../course. FOLDER=notebooks: no copies
# Needs Python 3.11 or newer and make. Set PYTHON to choose one: make lab PYTHON=python3.13

PYTHON ?= python3
FOLDER ?= my-notebooks
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints requirements.lock

# Compiled once and kept, Python's files load in a third of the time; some containers forbid it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab copy predict test proof lint docs bench notebooks pictures rubric lock clean
help:
	@sed -n '1,7s/^# //p' Makefile

# The repository's own notebooks are opened as they are.
ifneq ($(abspath $(FOLDER)),$(abspath notebooks))
lab: copy
endif
# JupyterLab asks root, as one is in a container, to say that root is meant.
lab: $(VENV)/lab
	$(BIN)/jupyter lab --notebook-dir='$(FOLDER)' $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_OPTIONS)

# predict: its former name.
copy predict: $(VENV)/lab
	$(BIN)/lesson-app copy '$(FOLDER)'

# Each file of tests, and each notebook, stays whole in one of the processes side by side.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -p tests.plugin --nbval --durations 3 -o console_output_style=classic \
  --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test: $(VENV)/test tests/express/node/node_modules lint
	$(PYTEST) --quick --cov

proof: $(VENV)/test tests/express/node/node_modules
	$(PYTEST)

lint: $(VENV)/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# A warning is an error. Built from nothing, so that no page stays whose source is gone.
docs: $(VENV)/test
	@rm -rf artefacts/docs
	$(BIN)/python -m sphinx --builder html --conf-dir docs --doctree-dir artefacts/doctrees --fresh-env \
	  --nitpicky --fail-on-warning --keep-going --quiet . artefacts/docs
	@echo "open artefacts/docs/index.html"

# Measure ours and others by turns, and write docs/performance.md.
bench: $(VENV)/test tests/express/node/node_modules
	$(BIN)/python -m benchmarks.peers

# Format the notebooks, run each in a fresh kernel and store its outputs.
notebooks: $(VENV)/test
	$(BIN)/ruff format notebooks
	$(BIN)/python tools/refresh_notebooks.py

# Take the README's pictures anew, of what the notebooks show in JupyterLab.
pictures: $(VENV)/test
	$(BIN)/python -m tests.browser.take_pictures

# Hold the notebooks to the rubric, and write docs/rubric.md. RUNS=5 runs each five times.
RUNS ?= 1
rubric: $(VENV)/test
	$(BIN)/python -m course.rubric --runs $(RUNS)

# Write requirements.lock anew: newest versions, all platforms, hashes, no host names.
lock: $(VENV)/uv
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --all-extras pyproject.toml --output-file requirements.lock

$(VENV)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Set PYTHON, as in: make lab PYTHON=python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is needed (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/lab: $(VENV)/uv pyproject.toml requirements.lock
	$(UV) --editable '.[lab]'
	@touch $@

$(VENV)/test: $(VENV)/lab
	$(UV) --editable '.[test,docs]'
	@touch $@

# The real peer. Without Node the tests that need it are skipped, and say so.
tests/express/node/node_modules: tests/express/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix tests/express/node --silent --no-fund --no-audit && touch $@; \
	  else echo "no npm: the tests against Mozilla's own library will be skipped"; fi

clean:
	rm -rf $(VENV) tests/express/node/node_modules artefacts
