# Everything that is done to this repository, by one word each. Longer steps are in scripts/.

export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/busbar/target

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt console build bench-text bench-image fixtures soak doctor clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what has changed, fetch the default model if it is absent, and serve on 127.0.0.1:8080
	@scripts/run

test: ## Prove everything: formats, lints, architecture, Rust, console, clients, browser
	@scripts/test

lint: ## Only the quick checks: formatting, clippy, architecture, the console's linter
	@scripts/lint

fmt: ## Format the Rust code
	@cargo fmt --all

console: ## Build the web console if its sources have changed
	@scripts/console build

build: ## Build the release binary, with the console in it
	@scripts/build

bench-text: ## Compare the text engine with llama.cpp itself, same file, same threads
	@scripts/bench-text

bench-image: ## Compare the image engine with diffusers, same weights, same threads (PyTorch, some gigabytes)
	@scripts/bench-image

fixtures: ## Make the reference answers of diffusers anew (PyTorch, some gigabytes)
	@scripts/fixtures

soak: ## Load a server for 30 minutes (SOAK_MINUTES) and see that its memory stays flat
	@scripts/soak

doctor: ## Say what this machine has and lacks for building and testing; install nothing
	@scripts/setup --check --tests

clean: ## Remove what was built; models stay
	@scripts/clean
