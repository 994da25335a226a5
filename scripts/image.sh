#!/usr/bin/env bash
# Takes the image's build steps without a container engine: the static build of the Dockerfile on this machine, and the
# binary alone in an empty root folder (as root), where it must answer `version` and refuse a bad setting by name.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build=$(sed -n 's/^RUN \(CGO_ENABLED=1 go build .*\) \\$/\1/p' Dockerfile)
[ -n "$build" ] || { echo "the Dockerfile's build step has moved: adapt scripts/image.sh" >&2; exit 1; }
VERSION=image-check
export VERSION
eval "${build/-o \/medicore/-o $work\/medicore}" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
if [ "$(id -u)" = 0 ]; then alone=(chroot "$work" /medicore); else alone=("$work/medicore"); fi
"${alone[@]}" version | grep -q image-check
if MEDICORE_TARGET=nonsense "${alone[@]}" serve 2>"$work/err"; then echo "a bad target was accepted" >&2; exit 1; fi
grep -q nonsense "$work/err"
