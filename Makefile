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

test: tools-to-test tests/node/node_modules/.package-lock.json ## All tests
	$(CARGO) test $(WHOLE)

bench: tools-to-test bench/node/node_modules/.package-lock.json ## Measure, as the README says how to read it (ONLY="page jobs" for some of it)
	$(CARGO) build $(WHOLE) --bins --release
	target/release/wangqian-bench $(ONLY)

fuzz: tools-to-run ## Let schemathesis send to it what it likes as each kind of viewer (FUZZ_SECONDS=300); wants python3-venv
	$(CARGO) build $(WHOLE) --bins
	[ -x target/fuzz/bin/schemathesis ] || { python3 -m venv target/fuzz && target/fuzz/bin/pip install --quiet -r tests/fuzz/requirements.txt; }
	target/fuzz/bin/python tests/fuzz/fuzz.py $(FUZZ_SECONDS)

# npm writes this file when all else is there.
%/node_modules/.package-lock.json: %/package-lock.json | tools-to-test
	npm ci --prefix $* --no-audit --no-fund
	@touch $@

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

# What is missing is named all at once, with the commands that bring it: packages, then what Debian has not or has too old.
needs = { $(2); } >/dev/null 2>&1 || packages="$$packages $(1)";
wants = { $(2); } >/dev/null 2>&1 || others="$$others  $(1)\n";
NAME_MISSING = [ -z "$$packages$$others" ] || { echo "missing; run:"; \
	[ -z "$$packages" ] || echo "  sudo apt-get install$$packages"; printf %b "$$others"; exit 1; } >&2

HASH := \#
RUST = curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh  $(HASH) Rust $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer
BUILDING = packages=""; others=""; $(call needs,build-essential,command -v cc) $(call wants,$(RUST),command -v $(CARGO))

# PostgreSQL's programs where `wangqian up` and the tests look for them; one of these places is enough.
POSTGRES := [ -n "$$WANGQIAN_POSTGRES_BIN" ] || command -v initdb || ls /usr/lib/postgresql/*/bin/initdb \
	/usr/pgsql-*/bin/initdb /usr/local/pgsql/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb 2>/dev/null | grep -q .

# Debian 12 and Ubuntu 24.04 have Node.js 18, from which npm brings a newer one, into /usr/local beside theirs.
NODE := sudo npm install -g node@22  $(HASH) Node.js 20.19 or newer
NODE_IS_NEW := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
TESTING = $(call needs,postgresql,$(POSTGRES)) \
	$(call needs,curl,command -v curl) \
	$(call needs,poppler-utils,command -v pdftotext) \
	$(call needs,fonts-hanazono,[ -d /usr/share/fonts/truetype/hanazono ]) \
	$(call needs,npm,command -v npm) \
	$(call wants,$(NODE),$(NODE_IS_NEW))

tools-to-build:
	@$(BUILDING) $(NAME_MISSING)

tools-to-run:
	@$(BUILDING) $(call needs,postgresql,[ -n "$$DATABASE_URL" ] || $(POSTGRES)) $(NAME_MISSING)

tools-to-test:
	@$(BUILDING) $(TESTING) $(NAME_MISSING)
