# `make run` to try it, `make test` before handing anything in. Everything is built into ./target.

.DEFAULT_GOAL := help
FUZZ_SECONDS ?= 300
.PHONY: help run build test bench fuzz fmt lint config-reference tools-to-build tools-to-run tools-to-test

CARGO ?= cargo
# Always the whole workspace: another selection has other features of shared crates, and builds them again.
WHOLE := --workspace

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: tools-to-run ## Build, and start everything on this machine with demo data (Ctrl-C stops it)
	$(CARGO) build $(WHOLE) --bins
	@exec target/debug/wangqian up

build: tools-to-build ## Build everything
	$(CARGO) build $(WHOLE)

test: tools-to-test ## All tests
	npm ci --prefix tests/node --no-audit --no-fund
	$(CARGO) test $(WHOLE)

bench: tools-to-test ## Measure, as the README says how to read it (ONLY="page jobs" for some of it)
	npm ci --prefix bench/node --no-audit --no-fund
	$(CARGO) build $(WHOLE) --bins --release
	target/release/wangqian-bench $(ONLY)

fuzz: tools-to-run ## Let schemathesis send to it what it likes as each kind of viewer (FUZZ_SECONDS=300); wants python3-venv
	$(CARGO) build $(WHOLE) --bins
	[ -x target/fuzz/bin/schemathesis ] || { python3 -m venv target/fuzz && target/fuzz/bin/pip install --quiet -r tests/fuzz/requirements.txt; }
	target/fuzz/bin/python tests/fuzz/fuzz.py $(FUZZ_SECONDS)

fmt: ## Format the code
	$(CARGO) fmt --all

lint: tools-to-build ## Formatting, lints, licences and sources of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(WHOLE) --all-targets -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny check licenses bans sources; \
	else \
		echo "cargo deny is missing: cargo install cargo-deny --locked" >&2; exit 1; \
	fi

config-reference: tools-to-build ## Make docs/CONFIGURATION.md anew from the program
	WANGQIAN_UPDATE_DOCS=1 $(CARGO) test $(WHOLE) --lib config_reference

# What is missing is named all at once, with the command that brings it.
tools-to-build:
	@missing=""; \
	command -v cc >/dev/null || missing="$$missing build-essential"; \
	if ! command -v $(CARGO) >/dev/null; then \
		echo "Rust is missing: install it with rustup (https://rustup.rs), version $$(sed -n 's/^rust-version = //p' Cargo.toml) or newer" >&2; exit 1; \
	fi; \
	if [ -n "$$missing" ]; then echo "missing; run: sudo apt-get install$$missing" >&2; exit 1; fi

# PostgreSQL's programs where `wangqian up` and the tests look for them; one of these places is enough.
POSTGRES := [ -n "$$WANGQIAN_POSTGRES_BIN" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb \
	/usr/pgsql-*/bin/initdb /usr/local/pgsql/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb 2>/dev/null | grep -q .

tools-to-run: tools-to-build
	@if [ -z "$$DATABASE_URL" ] && ! { $(POSTGRES); }; then echo "missing; run: sudo apt-get install postgresql" >&2; exit 1; fi

tools-to-test: tools-to-build
	@missing=""; \
	{ $(POSTGRES); } || missing="$$missing postgresql"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	command -v pdftotext >/dev/null || missing="$$missing poppler-utils"; \
	[ -d /usr/share/fonts/truetype/hanazono ] || missing="$$missing fonts-hanazono"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	if [ -n "$$missing" ]; then echo "missing; run: sudo apt-get install$$missing" >&2; exit 1; fi; \
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
		|| { echo "Node.js $$(node --version) is too old: 20.19 or newer is needed" >&2; exit 1; }
