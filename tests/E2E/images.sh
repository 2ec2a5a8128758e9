#!/usr/bin/env bash
# Loads the images of the end-to-end tests into kube-local's node and prints `export NAME=reference@digest` lines.
# The behaviour comes with the image, as arguments of its entry point: all that the operator changes is the image.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=${KUBE_LOCAL_RUN:-/run/kube-local}
kube_local=${KUBE_LOCAL:-../shared/kube-local}
roots=$(mktemp -d); trap 'rm -rf "$roots"' EXIT

in_node() { ctr -a "$run/containerd.sock" -n k8s.io images "$@"; }

# image.sh imports by tag; pods name a digest, so the digest gets a name as well.
load() {
  local variable=$1 reference=$2 root=$3 digest; shift 3
  "$kube_local/image.sh" "$reference" "$root" "$@" >/dev/null
  digest=$(in_node ls "name==$reference" | awk 'NR == 2 { print $3 }')
  in_node tag --force "$reference" "${reference%:*}@$digest" >/dev/null
  echo "export $variable=${reference%:*}@$digest"
}

storefront() {
  local variable=$1 version=$2; shift 2
  load "$variable" "localhost/storefront:$version" "$roots/storefront" /app/storefront --version "$version" "$@"
}

.ci/image-root "${STOREFRONT_BIN:-artifacts/publish/storefront/storefront}" "$roots/storefront" >&2
.ci/image-root "${PATCH_OPERATOR_BIN:-artifacts/publish/operator/patch-operator}" "$roots/operator" >&2
load E2E_OPERATOR_IMAGE localhost/patch-operator:e2e "$roots/operator" /app/patch-operator
storefront STOREFRONT_STABLE 1.0
storefront STOREFRONT_HEALTHY 1.1
storefront STOREFRONT_NEWER 1.2
storefront STOREFRONT_BAD 1.1-bad --fail /checkout=20%:500
# For rates: every path fails equally often, so that the rate of the image is the rate of the shop.
fails_2="/=2%:500,/checkout=2%:500,/graphql=2%:500,/customer/account=2%:500"
fails_3="/=3%:500,/checkout=3%:500,/graphql=3%:500,/customer/account=3%:500"
fails_20="/=20%:500,/checkout=20%:500,/graphql=20%:500,/customer/account=20%:500"
fails_100="/=100%:500,/checkout=100%:500,/graphql=100%:500,/customer/account=100%:500"
storefront STOREFRONT_FAILS_2 1.1-fails-2 --fail "$fails_2"
storefront STOREFRONT_FAILS_20 1.1-fails-20 --fail "$fails_20"
storefront STOREFRONT_FAILS_100 1.1-fails-100 --fail "$fails_100"
storefront STOREFRONT_STABLE_FAILS_3 1.0-fails-3 --fail "$fails_3"
storefront STOREFRONT_HEALTHY_FAILS_3 1.1-fails-3 --fail "$fails_3"
storefront STOREFRONT_CRASHING 1.1-crashing --crash-after 1s
