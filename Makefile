# Every chore of the project has its entry here; `make` lists them.

CARGO ?= cargo
OUT ?= demo
# With a bench beside it, the program is built with the features that the tests' dependencies ask of
# its own: so demo, tests and benches share one build of the dependencies.
BUILD = $(CARGO) build --release --locked --bin millesime --bench engine --bench predict --bench vectorise

.PHONY: help setup demo test lint bench truth interop pages clean

help:
	@echo "make demo     a generated territory, the whole job on it, and where the results are"
	@echo "make test     all tests"
	@echo "make lint     formatting, clippy, documentation, licences of dependencies"
	@echo "make bench    our figures beside each peer's, in one run (minutes)"
	@echo "make truth    alignment against twins whose truth is known (minutes)"
	@echo "make interop  figures of the tests recomputed by engines that are not ours (GEOS, DuckDB)"
	@echo "make pages    reports opened in a browser: accessible, self-contained, figures as in the tables"
	@echo "make setup    what the others need and this machine lacks; they call it themselves"

setup:
	@scripts/setup.sh build

demo: setup
	$(BUILD)
	@scripts/demo.sh "$(OUT)"

# In release: the tests overlay real territories, and one cold build then serves demo and tests.
test: setup
	$(CARGO) test --release --locked

lint: setup
	@scripts/setup.sh lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps --lib
	$(CARGO) deny --locked check bans licenses sources

bench: setup
	@scripts/setup.sh python
	$(BUILD)
	@scripts/bench.sh

truth: setup
	$(BUILD)
	@scripts/truth.sh

interop: setup
	@scripts/setup.sh python
	$(BUILD)
	@scripts/interop.sh

pages: setup
	@scripts/setup.sh browser
	$(BUILD)
	@scripts/pages.sh

clean:
	$(CARGO) clean
