#!/bin/sh
# Drives the language server through a real Neovim: `run.sh PATH-OF-WEIR-LSP`. A line a step; 1 where one fails.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 PATH-OF-WEIR-LSP" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
server=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
[ -x "$server" ] || { echo "$server is no program" >&2; exit 2; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$here/../../../examples/online-shop" "$scratch/shop"
printf '[clusters.test]\ninventory = ["manifests/"]\n' >"$scratch/shop/weir.toml"

# Nothing of the user's own: no settings, no plugins, no files of state.
export HOME="$scratch" XDG_CONFIG_HOME="$scratch/config" XDG_DATA_HOME="$scratch/data"
export XDG_STATE_HOME="$scratch/state" XDG_CACHE_HOME="$scratch/cache" XDG_RUNTIME_DIR="$scratch"
export WEIR_LSP="$server" WEIR_PLUGIN="$here/.."
cd "$scratch/shop"
status=0
timeout -k 5 60 "${NVIM:-nvim}" --headless -u NONE -i NONE -n -S "$here/test.lua" </dev/null 2>"$scratch/output" || status=$?
# Neovim says what it says on standard error, with the line ends of a terminal.
tr -d '\r' <"$scratch/output" | grep -v '^$' || true
case $status in
  0) ;;
  124 | 137) echo "not ok - Neovim did not end within 60 seconds" ;;
  *) ;;
esac
if [ "$status" -ne 0 ]; then
  log=$(find "$scratch" -name lsp.log | head -n 1)
  [ -z "$log" ] || tail -n 20 "$log"
  exit 1
fi
