# Needs Python 3.11 or newer, pip and make; nothing else.
PYTHON ?= python3
RUN := .venv
TEST := .venv-test
YARDSTICK := .venv-yardstick
YARDSTICK_PYTHON ?= $(abspath $(wildcard $(YARDSTICK)/bin/python))

.PHONY: run test bench yardstick lock clean

run: $(RUN)/.ready .env  ## set up and serve on http://127.0.0.1:8000
	$(RUN)/bin/python -m conversational_rag

test: $(TEST)/.ready  ## everything that must pass before a change lands
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy
	$(TEST)/bin/lint-imports
	$(TEST)/bin/pytest

bench: $(TEST)/.ready  ## figures in bench.jsonl, in full with FULL=1; with DATA=FOLDER (prepared conversations) those of retrieval too
	YARDSTICK_PYTHON=$(YARDSTICK_PYTHON) $(TEST)/bin/python benchmarks/run.py $(if $(FULL),--full) $(if $(DATA),--data $(DATA))

yardstick: requirements-yardstick.txt  ## the usual afternoon build, with which bench compares (PyPI's torch: 5.9 GB)
	$(PYTHON) -m venv --clear $(YARDSTICK)
	$(YARDSTICK)/bin/pip install --disable-pip-version-check --quiet --requirement requirements-yardstick.txt

lock:  ## pin requirements*.txt anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --output-file requirements.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## remove the virtual environments and caches; data/ and chroma_db/ stay
	rm -rf $(RUN) $(TEST) $(YARDSTICK) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(RUN)/.ready: requirements.txt
	$(PYTHON) -m venv --clear $(RUN)
	$(RUN)/bin/pip install --disable-pip-version-check --quiet --requirement requirements.txt
	touch $@

$(TEST)/.ready: requirements-dev.txt
	$(PYTHON) -m venv --clear $(TEST)
	$(TEST)/bin/pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt
	touch $@

.env:
	cp .env.example .env
