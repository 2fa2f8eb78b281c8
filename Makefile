# Needs Python 3.11 or newer, pip and make; nothing else.
PYTHON ?= python3
RUN := .venv
TEST := .venv-test

.PHONY: run test bench lock clean

run: $(RUN)/.ready .env  ## set up and serve on http://127.0.0.1:8000
	$(RUN)/bin/python -m conversational_rag

test: $(TEST)/.ready  ## everything that must pass before a change lands
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy
	$(TEST)/bin/lint-imports
	$(TEST)/bin/pytest

bench: $(TEST)/.ready  ## figures; with DATA=FOLDER (prepared conversations) those of retrieval too
	$(TEST)/bin/python benchmarks/streams.py
	$(TEST)/bin/python benchmarks/ingest_beside_chat.py
	$(TEST)/bin/python benchmarks/clients.py
	$(TEST)/bin/python benchmarks/index_recall.py
	$(if $(DATA),$(TEST)/bin/python benchmarks/retrieval.py --data $(DATA))

lock:  ## pin requirements*.txt anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --output-file requirements.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## remove the virtual environments and caches; data/ and chroma_db/ stay
	rm -rf $(RUN) $(TEST) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

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
