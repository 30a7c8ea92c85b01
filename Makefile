# Two commands do everything:
#
#   make demo    draw the lecture's J(a, b, c) = 3(a + bc) into build/J.svg
#   make test    run the test-suite
#
# Each makes its own environment in .venv from nothing but $(PYTHON), and keeps it until
# pyproject.toml changes. Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

# One stamp for each interpreter and each extra: what is up to date is not installed again.
ENVIRONMENT := $(VENV)/.python-$(VERSION)
INSTALLED := $(VENV)/.installed
HAS_TEST := $(VENV)/.has-test
HAS_DEV := $(VENV)/.has-dev
HAS_BENCH := $(VENV)/.has-bench
HAS_BROWSER := $(VENV)/.has-browser
NODE := build/node
HAS_PLACES := $(VENV)/.has-places
HAS_DOCS := $(VENV)/.has-docs
MKDOCS = NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

LOWEST := $(VENV)-lowest
DASK := $(VENV)-dask
DASK_PYTHON := $(patsubst $(VENV)/%,$(DASK)/%,$(BIN))/python
TORCH := $(VENV)-torch
TORCH_PYTHON := $(patsubst $(VENV)/%,$(TORCH)/%,$(BIN))/python
LOWEST_PYTHON := $(patsubst $(VENV)/%,$(LOWEST)/%,$(BIN))/python

.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help demo test test-browser test-dask test-places test-torch docs docs-serve test-docs lowest lint format types fuzz gallery gallery-check bench bench-each wheel-check clean

help:
	@echo 'make demo           draw the lecture'"'"'s J into build/J.svg'
	@echo 'make test           run the tests'
	@echo 'make test-places    documents with figures, built by Sphinx, MkDocs and others'
	@echo 'make test-browser   the tests of the player in Chromium, and of its JavaScript in Node'
	@echo 'make docs           build the site into build/site; make docs-serve shows it, make test-docs looks at it'
	@echo 'make lowest         the tests with the oldest dependencies that pyproject.toml allows'
	@echo 'make test-dask      the tests of pieces of data on a cluster, which it installs by itself'
	@echo 'make test-torch     the tests of PyTorch programs, which it installs by itself'
	@echo 'make fuzz           the fuzzers of tests/fuzz, with many more cases than make test'
	@echo 'make lint           ruff: rules and format; make format mends'
	@echo 'make types          mypy, strict'
	@echo 'make gallery        draw the gallery again; make gallery-check compares'
	@echo 'make bench          measure beside other tools, into docs/benchmarks.md; make bench-each by itself'
	@echo 'make wheel-check    build the wheel and draw J with it, installed alone'
	@echo 'make clean          remove the environment and all that was built'

demo: $(INSTALLED)
	@mkdir -p build
	@$(BIN)/graphtrace render gallery/lecture.py:J --at a=5 --at b=3 --at c=2 -o build/J.svg
	@echo 'The graph of J(a, b, c) = 3(a + bc) is in $(CURDIR)/build/J.svg'
	@echo 'Your own: $(BIN)/graphtrace render path/to/file.py:function --at x=1 -o figure.svg'

# A worker for each core; what is chosen by ARGS="-n 0 ..." runs in one process.
test: $(HAS_TEST)
	@$(BIN)/python -m pytest --hypothesis-profile=ci -n auto --dist worksteal $(ARGS)

test-places: $(HAS_PLACES)
	@$(BIN)/python -m pytest tests/places tests/ipython -n auto --dist loadfile $(ARGS)

# The repository's own files are the pages, so that a link leads to the same place in both.
docs: $(HAS_DOCS) build/pages
	@$(MKDOCS) build --strict --config-file docs/mkdocs.yml
	@echo 'The site is in $(CURDIR)/build/site'

docs-serve: $(HAS_DOCS) build/pages
	@$(MKDOCS) serve --config-file docs/mkdocs.yml

build/pages:
	@mkdir -p $@
	@for page in docs gallery README.md CHANGELOG.md; do ln -s ../../$$page $@/$$page; done

test-docs: docs $(HAS_TEST) $(HAS_BROWSER) $(NODE)/.installed
	@$(BIN)/python -m pytest tests/project/test_site.py $(ARGS)

test-dask: $(DASK)/.has-test
	@$(DASK_PYTHON) -m pytest tests/training/test_accumulate.py -k cluster $(ARGS)

# The CPU build, exactly: an open range would fetch gigabytes of CUDA.
test-torch: $(TORCH)/.has-test
	@$(TORCH_PYTHON) -m pytest tests/frameworks/test_torch*.py $(ARGS)

# What Debian's packages have is installed where it is missing and we are root; without it, the
# tests say what they skip.
test-browser: $(HAS_TEST) $(HAS_BROWSER) $(NODE)/.installed
	@$(BIN)/python -m pytest tests/player --ignore tests/player/test_player.py \
		-n auto --dist loadfile $(ARGS)

$(NODE)/.installed: Makefile
	@missing=''; \
	for program in chromium node npm; do \
		command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if test -n "$$missing" && test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		echo "Installing$$missing"; \
		apt-get -qq update; \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
			$$(echo "$$missing" | sed 's/node/nodejs/') >/dev/null; fi
	@mkdir -p $(NODE)
	@if command -v npm >/dev/null; then \
		npm install --silent --no-audit --no-fund --prefix $(NODE) typescript@5.9.3 reveal.js@5.2.1; fi
	@touch $@

fuzz: $(HAS_TEST)
	@GRAPHTRACE_FUZZ=1 $(BIN)/python -m pytest tests/fuzz tests/ops/test_extremes.py $(ARGS)

lowest: $(LOWEST)/.has-test
	@$(LOWEST_PYTHON) -m pytest --hypothesis-profile=ci -n auto --dist worksteal $(ARGS)

lint: $(HAS_DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(HAS_DEV)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(HAS_DEV)
	@$(BIN)/mypy

gallery: $(HAS_TEST)
	@$(BIN)/graphtrace gallery

gallery-check: $(HAS_TEST)
	@$(BIN)/graphtrace gallery --check

bench: $(HAS_BENCH)
	@cd tests && $(abspath $(BIN))/python -m benchmarks.table $(ARGS)

bench-each: $(HAS_BENCH)
	@$(BIN)/python -m pytest tests/benchmarks -o addopts='' --benchmark-only $(ARGS)

wheel-check: $(HAS_TEST)
	@rm -rf build/wheel && mkdir -p build/wheel
	@$(BIN)/python -m build --no-isolation --outdir build/wheel . >build/wheel/log 2>&1 || { \
		cat build/wheel/log >&2; exit 1; }
	@$(PYTHON) -m venv build/wheel/venv
	@build/wheel/venv/bin/python -m pip --disable-pip-version-check --quiet install build/wheel/*.whl
	@cd build/wheel && venv/bin/graphtrace render 'J = 3*(a + b*c)' \
		--at a=5 --at b=3 --at c=2 -o J.svg
	@echo 'The wheel, installed alone, drew $(CURDIR)/build/wheel/J.svg'

clean:
	rm -rf $(VENV) $(LOWEST) $(DASK) $(TORCH) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks

$(ENVIRONMENT):
	@if test -z '$(VERSION)'; then \
		echo '$(PYTHON) does not run: install Python 3.11 or newer, or name one with make PYTHON=/path/to/python3' >&2; \
		exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo '$(PYTHON) is Python $(VERSION) and graphtrace needs 3.11 or newer: name one with make PYTHON=python3.11' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make a virtual environment: install its venv module (on Debian and Ubuntu: apt-get install python3-venv)' >&2; \
		exit 1; }
	@echo 'Making $(VENV) with Python $(VERSION)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(INSTALLED): pyproject.toml $(ENVIRONMENT)
	@echo 'Installing graphtrace into $(VENV)'
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.has-%: pyproject.toml $(ENVIRONMENT)
	@echo 'Installing graphtrace[$*] into $(VENV)'
	@$(PIP) install --editable '.[$*]'
	@touch $@ $(INSTALLED)

$(DASK)/.has-test: pyproject.toml $(ENVIRONMENT)
	@echo 'Installing Dask and what the tests of it need into $(DASK)'
	@$(PYTHON) -m venv --clear $(DASK)
	@$(DASK_PYTHON) -m pip --disable-pip-version-check --quiet install \
		pytest pytest-benchmark hypothesis --editable '.[dask]'
	@touch $@

$(TORCH)/.has-test: pyproject.toml $(ENVIRONMENT)
	@echo 'Installing PyTorch and what the tests of it need into $(TORCH)'
	@$(PYTHON) -m venv --clear $(TORCH)
	@$(TORCH_PYTHON) -m pip --disable-pip-version-check --quiet install \
		--no-compile torch==2.13.0 pytest pytest-benchmark hypothesis --editable .
	@touch $@

$(LOWEST)/.has-test: pyproject.toml $(ENVIRONMENT)
	@echo 'Installing graphtrace[test] and its oldest dependencies into $(LOWEST)'
	@$(PYTHON) -m venv --clear $(LOWEST)
	@$(PYTHON) -c 'import tomllib; \
		project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*[line.replace(">=", "==") for line in project["dependencies"]], sep="\n")' \
		>$(LOWEST)/constraints.txt
	@$(LOWEST_PYTHON) -m pip --disable-pip-version-check --quiet install \
		--constraint $(LOWEST)/constraints.txt --editable '.[test]'
	@touch $@
