# Every habit of this project; `just` alone is what CI checks.

export UV_FROZEN := "1"

# The control plane is built by Go; where there is none, PyPI has it
go := `command -v go > /dev/null || echo "--group go"`

# All checks and all tests
default: lint types web imports generated test (truth "tests/e2e/test_story.py" "tests/e2e/test_placed.py")

# What there is to do here
help:
    @just --list --unsorted

# Style and formatting
lint:
    uv run ruff check .
    uv run ruff format --check .

# Format and fix what can be
fmt:
    uv run ruff check --fix .
    uv run ruff format .

# Strict types
types:
    uv run mypy

# Strict types of GraphiQL's page, where there is a Node
web:
    if command -v npm > /dev/null; then test -d web/node_modules || npm --prefix web ci; npm --prefix web run --silent check; \
    else echo "no npm on the PATH: the types of web/ are not checked"; fi

# The one-way rule
imports:
    uv run lint-imports

# Committed files that are generated are as they would be generated now
generated:
    uv run python -m tests.generated --check

# Write them anew: schema.graphql, docs/settings.md, docs/statuses.md, the chart's RBAC rules and its schema of settings
generate:
    uv run python -m tests.generated

# All tests, by two workers: half of the time they wait for a cluster. `just test -k pod` for some, by one
test *args:
    uv run {{ go }} pytest {{ if args == "" { "-n 2 --dist loadfile" } else { args } }}

# The end-to-end suite of the real control plane, on the demo cluster; CI runs two of its files
truth *args:
    CLUSTER=demo uv run pytest {{ if args == "" { "tests/e2e tests/actions" } else { args } }}

# The demo: a cluster, a Redis, Statusgraph and stories
demo *args:
    uv run statusgraph demo {{ args }}

# A client that ticks off what the demo's stories promise, and then acts; minutes
demo-watch *args:
    uv run python -m tests.demo.watch {{ args }}

# How long the demo takes to start, its memory and its CPU
demo-measure *args:
    uv run python -m tests.demo.measure {{ args }}

# Build the image on a debootstrapped Debian and run it on a read-only root; needs root, buildah, debootstrap, bubblewrap
image *args:
    uv run python -m tests.image {{ args }}

# Build the real control plane and Helm that cluster tests use: minutes once, seconds afterwards
controlplane:
    uv run {{ go }} python -m tests.controlplane build

# How many of the worked status cases are right today
scenarios *args:
    uv run python -m tests.scenarios {{ args }}

# What is published of the recordings, and what goes there and back
recordings:
    uv run python -m tests.recordings

# An hour of real life on the real control plane, in about a minute; with a FILE it is recorded
real-life *file:
    uv run {{ go }} python -m tests.e2e.reallife {{ file }}

# Remove each status rule, row and threshold in turn: none may go unnoticed
rules *args:
    uv run python -m tests.rules {{ args }}

# Judge mutated objects, and follow them through time: `just fuzz --objects 100000`
fuzz *args:
    uv run python -m tests.judging.fuzz {{ args }}

# The figures of benchmarks/, on this machine
bench *args:
    uv run python -m benchmarks {{ args }}

# The whole program at its size: 35,000 pods, 500 changes a second; `just scale --minutes 20`
scale *args:
    uv run python -m benchmarks.scale {{ args }}

# Documents made to be dear: all are refused, and what the dearest costs
hostile *args:
    uv run python -m tests.api.hostile {{ args }}

# H1 to H9, W1 to W9 and the examples of docs/clients.md, a line for each
conformance *args:
    uv run python -m tests.conformance {{ args }}

# Anything at all over real sockets: `just fuzz-api --requests 10000`
fuzz-api *args:
    uv run python -m tests.api.fuzz {{ args }}

# A snapshot and what follows it, beside a fresh query after each of 100,000 changes; a quarter of an hour
equality *args:
    uv run python -m tests.api.equality {{ args }}

# Socket, api and leader killed in turns over 10,000 transitions, and what a client heard of them
resume *args:
    uv run python -m tests.api.resume {{ args }}

# R1 to R10 of reliability under faults between the real parts, with a ledger: `just chaos R1 R3 --minutes 5 --real`
chaos *args:
    uv run {{ go }} python -m tests.chaos {{ args }}
