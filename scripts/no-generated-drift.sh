#!/usr/bin/env bash
# Regenerates all generated files and fails, naming them, if any differs from what is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git status --porcelain)
go generate ./...
npm run build --silent --prefix web/admin >/dev/null 2>&1
touch web/admin/dist/.gitkeep
after=$(git status --porcelain)
if [ "$before" != "$after" ]; then
  echo "generated files are not current; run 'make gen web' and commit:" >&2
  diff <(echo "$before") <(echo "$after") >&2 || true
  git --no-pager diff --stat >&2
  exit 1
fi
