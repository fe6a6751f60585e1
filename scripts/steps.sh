# shellcheck shell=bash
# Sourced by scripts that do several things: headings, times, counts of tests, and stamps that
# tell whether something has to be done again.

bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }

passed=0
failed=0
began=$SECONDS

# step TITLE COMMAND…: runs it under a heading; the first one that fails ends the script.
step() {
  local title=$1 start=$SECONDS status=0 log
  shift
  printf '\n'
  bold "== $title"
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || status=$?
  count "$log"
  rm -f "$log"
  if [ "$status" -ne 0 ]; then
    [ "$failed" -gt 0 ] || failed=1
    bold "== $title: failed after $((SECONDS - start)) s"
    closing
    exit 1
  fi
  bold "== $title: done in $((SECONDS - start)) s"
}

# Adds up what the test runners said: nextest, cargo test, vitest, pytest, node.
count() {
  local sums
  sums=$(sed $'s/\033\\[[0-9;]*m//g' "$1" | awk '
    function before(word,   n) { n = match($0, "[0-9]+ " word); return n ? substr($0, n) + 0 : 0 }
    /^ *Summary \[.*tests? run:/ || /^test result:/ || /^ *Tests +[0-9]/ || /^=*.*[0-9]+ (passed|failed).* in [0-9.]+s/ {
      p += before("passed"); f += before("failed")
    }
    /^(#|ℹ) pass [0-9]/ { p += $3 }
    /^(#|ℹ) fail [0-9]/ { f += $3 }
    END { print p + 0, f + 0 }')
  passed=$((passed + ${sums% *}))
  failed=$((failed + ${sums#* }))
}

closing() {
  printf '\nin %d min %d s\n%d passed, %d failed\n' \
    $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)) "$passed" "$failed"
}

if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi

# hash_of PATH…: one hash over these files, and over all files in these folders that are no output.
hash_of() {
  find "$@" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/.venv/*' |
    LC_ALL=C sort | tr '\n' '\0' | xargs -0 "${sha256[@]}" | "${sha256[@]}" | cut -d' ' -f1
}

# unless_stamped STAMP HASH COMMAND…: runs it unless it has run for the same hash.
unless_stamped() {
  local stamp=$1 hash=$2
  shift 2
  [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && return
  rm -f "$stamp"
  "$@"
  mkdir -p "$(dirname "$stamp")"
  printf '%s\n' "$hash" >"$stamp"
}

# npm_install FOLDER: its node_modules, again when its lock or Node's version changes.
npm_install() {
  local folder=$1 hash
  hash=$(hash_of "$folder/package.json" "$folder/package-lock.json")-$(node --version)
  unless_stamped "$folder/node_modules/.stamp" "$hash" \
    npm --prefix "$folder" ci --no-audit --no-fund --loglevel=error
}

# python_install FOLDER: its .venv, again when its requirements or Python's version change.
python_install() {
  local folder=$1 hash
  hash=$(hash_of "$folder/requirements.txt")-$(python3 --version)
  unless_stamped "$folder/.venv/.stamp" "$hash" fresh_venv "$folder"
}

fresh_venv() {
  rm -rf "$1/.venv"
  python3 -m venv "$1/.venv"
  "$1/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1/requirements.txt"
}
