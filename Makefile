# PatchOperator. `make help` lists what there is. GNU make 4.3, bash and the .NET SDK; the rest says what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

# A folder with up.sh, down.sh, image.sh and helm.sh: a real one-node Kubernetes for machines without a container engine.
KUBE_LOCAL ?= ../shared/kube-local
export KUBE_LOCAL

# Your current cluster is never used by accident: the demo takes KUBECONFIG only from make's own command line.
demo_kubeconfig := $(if $(filter command line,$(origin KUBECONFIG)),KUBECONFIG='$(KUBECONFIG)',-u KUBECONFIG)

.PHONY: help demo build test lint format e2e bench publish image-root chart chart-check chart-update crd-check clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## A healthy and a bad patch, live in this terminal (KUBECONFIG=file: on that cluster; ARGS=…)
	@env $(demo_kubeconfig) dotnet run --project tests/Demo -- $(ARGS)

build: ## All projects, analyzers as errors
	dotnet build PatchOperator.sln --nologo --verbosity quiet

test: ## Unit, cluster and architecture tests; one line of totals
	@env -u KUBECONFIG .ci/test Unit Cluster Architecture

e2e: ## The same scenarios on a real cluster: KUBECONFIG, else k3d, else kube-local
	@.ci/e2e

bench: ## Benchmarks (ARGS='--filter *')
	dotnet run --configuration Release --project tests/Benchmarks -- $(ARGS)

lint: ## Formatting, and all projects with analyzers as errors
	dotnet format whitespace . --folder --verify-no-changes --exclude artifacts
	dotnet build PatchOperator.sln --nologo --verbosity quiet

format: ## Formats what lint complains about
	dotnet format whitespace . --folder --exclude artifacts

publish: ## NativeAOT of operator, CLI and storefront into artifacts/publish
	@.ci/publish

image-root: ## The image's root file system in artifacts/image-root (after publish)
	@.ci/image-root

chart: ## The packed chart in artifacts/
	@mkdir -p artifacts && helm=$${HELM:-$$(command -v helm || $(KUBE_LOCAL)/helm.sh)} && "$$helm" package charts/patch-operator --destination artifacts

chart-check: ## Renders, refusals, CRDs; with KUBECONFIG also a server-side dry run
	@.ci/chart-check

chart-update: ## Writes charts/cases/*/rendered.yaml anew
	@.ci/chart-check --update

crd-check: ## Links; with KUBECONFIG also a server-side dry run of CRDs and examples
	@.ci/crd-check

clean: ## Removes artifacts/ and build output
	rm -rf artifacts && find operator tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
