#!/usr/bin/env bash
# How fast a bad canary loses its traffic: ten runs each with Prometheus (5 s scrape), with the pods' own metrics (1 s), and with both.
set -euo pipefail
cd "$(dirname "$0")/../.."
E2E_RUNS=${E2E_RUNS:-10} TEST_ARGS='--filter-class "*BadPatchTests" --output Detailed' exec .ci/e2e
