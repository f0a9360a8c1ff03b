# What contributors run; `just` lists it. Everything here is a line that also works without just.

# Lists the recipes.
default:
    @just --list

# Formats the code.
fmt:
    cargo fmt --all

# Checks the format, the lints and the words.
lint:
    scripts/prose
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Runs every test, as CI does.
test:
    scripts/test

# Runs one test in Rust by a part of its name: just one-test preflight
one-test name:
    cargo nextest run --workspace --locked -E 'test({{name}})'

# Runs one folder or file of the end-to-end tests: just one-e2e browser_cors
one-e2e path:
    cargo build --locked -p backlot --bin backlot --example rust_api
    cd tests/end_to_end && npm ci --no-audit --no-fund --ignore-scripts
    cd tests/end_to_end && node --test {{path}}

# Builds the documentation of the crates.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# Writes the generated pages of docs/.
bless:
    BACKLOT_BLESS=1 cargo nextest run -p backlot --locked -E 'test(references)'

# Measures Backlot against its rivals; see benchmarks/README.md.
bench *arguments:
    benchmarks/run {{arguments}}
