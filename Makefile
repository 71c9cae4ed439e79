# Two commands do everything on a fresh Debian 12 machine: `make demo` and `make test`.
# Both rest on `make build`, which installs what is missing (see scripts/setup.sh).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
BIN := target/debug/faxbridge
# Debian's tools for what is not built here come first only where rustup has none.
export PATH := $(HOME)/.cargo/bin:$(PATH)
export CARGO_TERM_COLOR ?= auto

.PHONY: build demo demo-stop test test-tools bench bench-queue bench-pages bench-rules bench-read models docs deb lint deny crash hostile pictures clean

build: setup models ## install what is missing, fetch the models, build
	cargo build --locked

.PHONY: setup
setup:
	scripts/setup.sh build

models: setup ## fetch the recognition model and its runtime by pinned package name and check them
	scripts/models.sh models

demo: build ## faxes of samples/ into the rooms of a demo board
	scripts/setup.sh demo
	scripts/demo.sh $(BIN)

demo-stop: ## end the demo's board
	scripts/demo.sh --stop

test-tools:
	scripts/setup.sh test

test: build test-tools ## every test, against real servers on loopback; what meets the database on PostgreSQL too
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --locked --lib --bins --tests --no-fail-fast; else cargo test --locked --no-fail-fast; fi
	scripts/with-postgres.sh cargo test --locked --lib
	scripts/with-postgres.sh cargo test --locked --test e2e -- route:: rooms:: review:: notices:: versions:: crash:: outside::
	scripts/with-postgres.sh cargo test --locked --test crash -- kills::

bench: build ## seconds from file drop to board, peak memory
	cargo bench --locked --profile dev --bench file_to_board

bench-queue: build test-tools ## throughput from 1 to 8 workers on PostgreSQL, and what the queue costs
	FAXBRIDGE_TEST_FSYNC=on scripts/with-postgres.sh cargo bench --locked --profile dev --bench queue -- $(BENCH)

bench-pages: build test-tools ## how long the pages take with 50,000 documents, on SQLite and on PostgreSQL
	cargo bench --locked --profile dev --bench pages
	scripts/with-postgres.sh cargo bench --locked --profile dev --bench pages

bench-rules: build ## how long tuning of rules takes: a preview, and a backtest over 10,000 sheets
	cargo bench --locked --profile dev --bench rules

bench-read: build ## CPU seconds and memory a page, beside rapidocr and ocrmypdf on the same pages (BENCH='--faxes DIR …')
	scripts/setup.sh bench
	python3 benches/read.py $(BIN) $(BENCH)

crash: build test-tools ## kills, faults and power cuts, all of them, on both databases (KILLS=1000 SEED=… DATABASES="sqlite postgres")
	KILLS="$(KILLS)" SEED="$(SEED)" DATABASES="$(DATABASES)" scripts/crash.sh

lint: ## formatting and clippy
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

pictures: build test-tools ## make the pictures of the pages anew (docs/pictures)
	FAXBRIDGE_PICTURES=$(CURDIR)/docs/pictures cargo test --locked --test e2e -- browser::

hostile: build ## the daemon over the test files of public libraries, half an hour (FILES='DIR …' for more)
	scripts/hostile.sh $(FILES)

deny: ## licences, bans, sources and known weaknesses of the crates
	scripts/deny.sh

docs: build ## write what is generated from the code
	$(BIN) docs configuration > docs/configuration.md
	$(BIN) docs commands > docs/commands.md

deb: build ## a Debian package under target/debian
	cargo deb --version >/dev/null 2>&1 || cargo install --locked cargo-deb@3.6.0
	mkdir -p target/package
	$(BIN) man > target/package/faxbridge.1
	$(BIN) completions bash > target/package/faxbridge.bash
	cargo deb --profile dev --no-build --strip

clean:
	cargo clean
