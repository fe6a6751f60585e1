# Everything that is done to this repository, by one word each. Longer steps are in scripts/.

export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/busbar/target

.DEFAULT_GOAL := help
.PHONY: package-model help run test lint fmt fuzz console build bench-text bench-image bench-gateway fixtures train-emoji soak soak-routing doctor clean
.PHONY: bootstrap deploy-all deploy-services deploy-realtime-ws deploy-stream-sse deploy-sync-api deploy-cdn \
  deploy-frontend plan drift rollback promote clean-all test-aws cost

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

bench-gateway: ## Measure what passing requests on costs, beside nginx, HAProxy and others (scripts/bench-gateway --help)
	@scripts/bench-gateway

package-model: ## Pack a model as hosting services want it, model.tar.gz: MODEL is a name, a file or a folder (OUT: another file)
	@scripts/package-model "$(MODEL)" "$(or $(OUT),model.tar.gz)"

fixtures: ## Make the reference answers of diffusers anew (PyTorch, some gigabytes)
	@scripts/fixtures

train-emoji: ## Train the small picture model anew (PyTorch, npm; about two hours on a CPU); goes on where it was stopped
	@scripts/train-emoji

fuzz: ## Send every format what a fuzzer finds, each target for a minute (FUZZ_SECONDS); needs nightly Rust and cargo-fuzz
	@scripts/fuzz

soak: ## Load a server for 30 minutes (SOAK_MINUTES) and see that its memory stays flat
	@scripts/soak

soak-routing: ## Ask a route for ten minutes while its targets fail at random (scripts/soak-routing --help)
	@scripts/soak-routing

doctor: ## Say what this machine has and lacks for building and testing; install nothing
	@scripts/setup --check --tests

clean: ## Remove what was built; models stay
	@scripts/clean

# On AWS (docs/aws.md). OWNER=you@example.com on all of them; STACK, ENVIRONMENT and REGION say what and where.

bootstrap: ## Once for an AWS account: make the bucket that keeps Terraform's state
	@deploy/aws/scripts/bootstrap

deploy-all deploy-services deploy-realtime-ws deploy-stream-sse deploy-sync-api deploy-cdn deploy-frontend:
	@deploy/aws/scripts/deploy $(@:deploy-%=%)

deploy-all: ## Deploy on AWS; a part of it: deploy-services, -realtime-ws, -stream-sse, -sync-api, -cdn, -frontend

plan: ## Say what deploying would change on AWS
	@deploy/aws/scripts/plan

drift: ## Say what somebody changed on AWS by another way
	@deploy/aws/scripts/drift

rollback: ## Give the calls on AWS back to the functions' earlier version
	@deploy/aws/scripts/rollback

promote: ## Give a new version on AWS a share of the calls, watch it, then all of them
	@deploy/aws/scripts/promote

clean-all: ## Destroy what is deployed on AWS, data included
	@deploy/aws/scripts/clean

test-aws: ## Prove the deployment on emulators: apply, plan again, destroy; the program there from end to end (needs Terraform)
	@scripts/aws paper
	@scripts/aws emulated
	@scripts/aws whole

cost: ## Write docs/cost.md anew from measured figures and dated prices
	@python3 deploy/aws/cost/cost.py
