# Factbook: `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3.11
PY := .venv/bin/python
.PHONY: install run test check bench lock clean

install: .venv/.stamp

.venv/.stamp: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Factbook needs Python 3.11 or newer: install it, or name yours with make PYTHON=python3"; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: install
	exec .venv/bin/factbook serve --demo

test: check
	$(PY) -m pytest

check: install
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m factbook.metrics.check
	$(PY) tools/audit.py

bench: install
	$(PY) -m bench

# Writes the lock file anew: hashes of every wheel, no registry addresses.
lock:
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock

clean:
	rm -rf .venv data
