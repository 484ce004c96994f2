PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 2

.PHONY: run test lint demo proof tour clean

run: $(VENV)/.installed
	@test -e $${LOANLIGHT_BOOK:-book.duckdb} || { $(RUN) -m data demo && $(RUN) -m policy check --all; }
	$(RUN) -m streamlit run dashboard.py

test: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TEST_FLAGS)

lint: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(RUN) -m policy lint

demo: $(VENV)/.installed
	$(RUN) -m data demo
	$(RUN) -m policy check --all

# The proofs in whole: limits, random policies, mutants, speed and memory up to ten million loans, faults.
proof: $(VENV)/.installed-test
	$(RUN) -m tests.policy.exactness
	$(RUN) -m tests.policy.differential --policies 200 --loans 500
	$(RUN) -m tests.policy.mutation
	$(RUN) -m pytest -m long
	$(RUN) -m benchmarks --loans 100000 1000000 10000000
	$(RUN) -m benchmarks.fuzz
	$(RUN) -m benchmarks.kills

# The pictures of docs/tour.*.md, taken anew from a demo book.
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

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
