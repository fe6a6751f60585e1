# shellcheck shell=bash
# Sourced by every script: where things are built, and the tools that `scripts/setup` fetched.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/busbar
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# cmake and libclang from the Python package registry, where the system has none.
tools=$cache/tools

has() { command -v "$1" >/dev/null 2>&1; }

# A libclang where bindgen looks by itself.
system_libclang() {
  local folder
  for folder in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/llvm*/lib* /usr/lib /usr/lib64 \
    /usr/lib/*-linux-gnu* /usr/local/lib /usr/local/lib64 /Library/Developer/CommandLineTools/usr/lib \
    /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib \
    /opt/homebrew/opt/llvm/lib /usr/local/opt/llvm/lib; do
    [ -d "$folder" ] || continue
    compgen -G "$folder/libclang.so*" >/dev/null || compgen -G "$folder/libclang-*.so*" >/dev/null ||
      compgen -G "$folder/libclang.dylib" >/dev/null || continue
    printf '%s\n' "$folder"
    return
  done
  return 1
}

# A browser for tests: the one named in CHROMIUM, or one that is installed.
find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    /Applications/Chromium.app/Contents/MacOS/Chromium; do
    [ -n "$name" ] && command -v "$name" && return
  done
  return 1
}

use_tools() {
  if ! has cmake && [ -x "$tools/cmake/data/bin/cmake" ]; then
    PATH=$tools/cmake/data/bin:$PATH
  fi
  if [ -d "$tools/clang/native" ] && ! system_libclang >/dev/null; then
    export LIBCLANG_PATH=$tools/clang/native
    # That libclang comes without the compiler's own headers (stddef.h and the like).
    local headers
    headers=$(cc -print-file-name=include 2>/dev/null || true)
    [ -d "$headers" ] && export BINDGEN_EXTRA_CLANG_ARGS="${BINDGEN_EXTRA_CLANG_ARGS:-} -isystem $headers"
  fi
  return 0
}
use_tools
