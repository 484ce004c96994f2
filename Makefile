PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 2
JAVA := $(shell command -v java)

.PHONY: run test lint style demo proof proof-spark tour clean

run: $(VENV)/.installed
	@test -e $${LOANLIGHT_BOOK:-book.duckdb} || { $(RUN) -m data demo && $(RUN) -m policy check --all; }
	$(RUN) -m streamlit run dashboard.py

# The tests on Spark run where there is Java; elsewhere they are skipped, with the reason.
test: style $(if $(JAVA),$(VENV)/.installed-spark)
	$(RUN) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(TEST_FLAGS)

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

$(VENV)/.installed: requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-test: requirements-test.txt requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-spark: requirements-spark.txt requirements.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
