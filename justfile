# Every habit of this project; `just` alone is what CI checks.

export UV_FROZEN := "1"

# The control plane is built by Go; where there is none, PyPI has it
go := `command -v go > /dev/null || echo "--group go"`

# All checks and all tests
default: lint types imports generated test

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

# The one-way rule
imports:
    uv run lint-imports

# Committed files that are generated are as they would be generated now
generated:
    uv run python -m tests.generated --check

# Write the generated files anew: schema.graphql, docs/settings.md
generate:
    uv run python -m tests.generated

# All tests; `just test -k pod` for some
test *args:
    uv run {{ go }} pytest {{ args }}

# Build the real control plane that cluster tests use: minutes once, seconds afterwards
controlplane:
    uv run {{ go }} python -m tests.controlplane build

# Run all of it here: that control plane, a Redis, some applications to look at, and `statusgraph serve`
up *args:
    uv run {{ go }} python -m tests.up {{ args }}

# How many of the worked status cases are right today
scenarios *args:
    uv run python -m tests.scenarios {{ args }}

# The figures of benchmarks/, on this machine
bench *args:
    uv run python -m benchmarks {{ args }}
