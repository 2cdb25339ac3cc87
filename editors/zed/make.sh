#!/bin/sh
# Makes a folder that Zed takes as an extension: `make.sh FOLDER`. Zed fetches grammars from a repository, at a
# revision; this is the repository that the script is in, as it was committed last.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
repository=$(git -C "$here" rev-parse --show-toplevel)
revision=$(git -C "$here" rev-parse HEAD)

mkdir -p "$1"
cp -R "$here/Cargo.toml" "$here/Cargo.lock" "$here/src" "$here/languages" "$1"
for query in highlights injections textobjects; do
  cp "$here/../tree-sitter-weir/queries/$query.scm" "$1/languages/weir/"
done
cat >"$1/extension.toml" <<END
id = "weir"
name = "Weir"
version = "0.1.0"
schema_version = 1
authors = ["The Weir maintainers"]
description = "Weir, a language for Kubernetes network policy"

[grammars.weir]
repository = "file://$repository"
rev = "$revision"
path = "editors/tree-sitter-weir"

[language_servers.weir-lsp]
name = "weir-lsp"
languages = ["Weir"]
END
echo "In Zed, run \`zed: install dev extension\` and choose $1"
