# Set-up and the two main jobs. Needs Python 3.11 or later, make and git; everything else goes into .venv.
#
#   make report                 install, run the default benchmark, print its verdict
#   make report CONFIG=my.yaml  the same for a benchmark of yours
#   make follow                 show how the run at work stands, from another terminal (RUN=results/mine: that one)
#   make compare BEFORE=monday AFTER=friday
#                               finished runs against each other, one or several (monday,tuesday) on each side
#   make test                   install the test tools too, and run the tests
#   make lint                   style, types, and the workflow's own checks
#   make lock                   bring the lock files up to pyproject.toml (UPGRADE=1: to the newest versions)
#   make gallery                the reports of docs/gallery.md, made anew
#   make clean                  remove .venv and caches; results stay

PYTHON ?= python3
CORES ?= all
CONFIG ?=
RUN ?=
BEFORE ?=
AFTER ?=
WORKERS ?= auto

BIN := .venv/bin
BENCHMARK := $(if $(CONFIG),--configfile "$(CONFIG)")
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode \
	--build-constraints requirements-build.lock
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header $(if $(UPGRADE),--upgrade)

.PHONY: report follow compare test lint lock gallery install install-test clean
.DELETE_ON_ERROR:

report: .venv/.installed
	$(BIN)/snakemake --cores $(CORES) --quiet host reason $(BENCHMARK) -- all
	@$(BIN)/snakemake --cores 1 --quiet all $(BENCHMARK) -- verdict 2>/dev/null

follow: .venv/.installed
	@$(BIN)/python scripts/follow.py $(if $(RUN),"$(RUN)")

compare: .venv/.installed
	$(BIN)/snakemake --cores 1 --quiet host reason --config before="$(BEFORE)" after="$(AFTER)" -- compare

test: .venv/.installed-test
	$(BIN)/python -m compileall -q assay scripts
	$(BIN)/python -m pytest -n $(WORKERS)

# As many models are measured at once as there are cores given, and they take little of a machine.
gallery: .venv/.installed-test
	$(BIN)/snakemake --cores 6 --quiet host reason -- all
	$(BIN)/snakemake --cores 6 --quiet host reason --configfile config/large.yaml -- all
	$(BIN)/python scripts/gallery.py results/default results/large

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

install: .venv/.installed
install-test: .venv/.installed-test

# uv itself comes through pip, its hash required like that of all it installs.
.venv/.uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Assay needs Python 3.11 or later, and '$(PYTHON)' isn't one. Name another: make PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { \
		echo "'$(PYTHON)' comes without ensurepip, which .venv needs (Debian, Ubuntu: apt install python3-venv)" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -r requirements-uv.lock
	@echo '$(CURDIR)' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/assay.pth"
	@touch $@

.venv/.installed: .venv/.uv requirements.lock requirements-build.lock
	$(INSTALL) -r requirements.lock
	@touch $@

.venv/.installed-test: .venv/.uv requirements-test.lock requirements-build.lock
	$(INSTALL) -r requirements-test.lock
	@touch $@

lock: .venv/.uv
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group test -c requirements.lock -o requirements-test.lock
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	$(COMPILE) --group pyproject.toml:installer -o requirements-uv.lock
	$(BIN)/python envs/pin.py

clean:
	rm -rf .venv .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
