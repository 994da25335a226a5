#!/usr/bin/env bash
# Takes the images' build steps without a container engine: the static builds of the Dockerfile on this machine, and each
# binary alone in an empty root folder (as root), where it must answer `version` and refuse a bad setting by name.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
VERSION=image-check
export VERSION
check() { # check NAME BAD-SETTING COMMAND...
  local name=$1 bad=$2 build alone
  shift 2
  build=$(sed -n "s|^RUN \(CGO_ENABLED=[01] go build .* -o \)/$name \./cmd/$name\$|\1$work/$name ./cmd/$name|p" Dockerfile)
  [ -n "$build" ] || { echo "the Dockerfile's build step of $name has moved: adapt scripts/image.sh" >&2; exit 1; }
  eval "$build" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  if [ "$(id -u)" = 0 ]; then alone=(chroot "$work" "/$name"); else alone=("$work/$name"); fi
  env -i PATH="$PATH" "${alone[@]}" version | grep -q image-check
  if env -i PATH="$PATH" "$bad=nonsense" "${alone[@]}" "$@" 2>"$work/err"; then echo "$name accepted a bad $bad" >&2; exit 1; fi
  grep -q nonsense "$work/err"
}
check medicore MEDICORE_TARGET serve
check medicore-gateway MEDICORE_LOG_LEVEL --supergraph /none
