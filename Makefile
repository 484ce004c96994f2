PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 2
JAVA := $(shell command -v java)

.PHONY: run test short lint style demo lock sbom proof proof-spark tour clean
INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r

run: $(VENV)/.installed
	@test -e $${LOANLIGHT_BOOK:-book.duckdb} || { $(RUN) -m data demo && $(RUN) -m policy check --all; }
	$(RUN) -m streamlit run dashboard.py

# The tests on Spark run where there is Java; elsewhere they are skipped, with the reason.
test: style $(if $(JAVA),$(VENV)/.installed-spark)
	$(RUN) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(TEST_FLAGS)

# Without browser, Spark and the gate's slower parts: for another Python, make short PYTHON=python3.13 VENV=.venv-3.13
short: $(VENV)/.installed-test
	$(RUN) -m pytest -n $(WORKERS) --dist loadscope -m 'not long and not browser and not spark' tests/data tests/policy

lint: style
	$(RUN) -m policy lint

style: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

demo: $(VENV)/.installed
	$(RUN) -m data demo
	$(RUN) -m policy check --all

# The long form of what the tests sample: limits, random policies, mutants, faults; speed and memory up to ten million loans.
proof: $(VENV)/.installed-test
	$(RUN) -m tests.policy.tables.exactness
	$(RUN) -m tests.policy.engine.differential --policies 200 --loans 500
	$(RUN) -m tests.policy.tables.mutation
	$(RUN) -m pytest -m long
	$(RUN) -m benchmarks --loans 100000 1000000 10000000
	$(RUN) -m benchmarks.fuzz
	$(RUN) -m benchmarks.kills
	$(MAKE) proof-spark

# The same policy on Spark: needs Java.
proof-spark: $(VENV)/.installed-test $(VENV)/.installed-spark
	$(RUN) -m tests.policy.spark.random_policies --policies 100 --loans 1000
	$(RUN) -m tests.policy.spark.differential --loans 1000000
	$(RUN) -m benchmarks.scaling

# The pictures of docs/tour.*.md, taken again from a demo book.
tour: $(VENV)/.installed-test
	$(RUN) -m tests.browser.tour

# What is installed is what the lock files name, with hashes: written by `make lock` after a change of requirements*.txt.
$(VENV)/.installed: requirements.lock
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(INSTALL) requirements.lock
	@touch $@

$(VENV)/.installed-test: requirements-test.lock
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(INSTALL) requirements-test.lock
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-spark: requirements-spark.lock
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(INSTALL) requirements-spark.lock
	@touch $@

lock:
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check $(shell grep -o '^uv==[0-9.]*' requirements-test.txt)
	$(RUN) -m tests.supply lock

# docs/sbom.cdx.json (CycloneDX) and docs/licences.csv, from what is installed.
sbom: $(VENV)/.installed-test
	$(RUN) -m tests.supply sbom

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
