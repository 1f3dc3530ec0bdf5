#!/bin/sh
# Installs what test/neighbours tries besides this package's own development dependencies, into the directory given: 210 MB.
set -eu
mkdir -p "$1"
cd "$1"
[ -e package.json ] || echo '{ "private": true }' >package.json
exec npm install --no-audit --no-fund --loglevel=error --save-exact jest@30.5.2 vitest@4.1.12 dd-trace@5.132.0 \
  @opentelemetry/api@1.9.1 @opentelemetry/instrumentation-fs@0.42.0 @opentelemetry/sdk-trace-base@2.12.1 \
  @opentelemetry/context-async-hooks@2.12.1
