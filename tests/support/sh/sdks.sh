#!/usr/bin/env bash
# What the tests of AWS's SDKs need: packages of the one for JavaScript, the built program of the one for Go where
# there is a Go toolchain, AWS CLI version 1. The SDK for Rust is built with the workspace.
set -euo pipefail
cd "$(dirname "$0")/../../.."

js=tests/sdks/js
if ! [ -f $js/node_modules/.package-lock.json ] || [ $js/package-lock.json -nt $js/node_modules/.package-lock.json ]; then
  (cd $js && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json)
fi

mkdir -p target/sdks
go=$(command -v go || true)
[ -n "$go" ] || [ ! -x /usr/local/go/bin/go ] || go=/usr/local/go/bin/go
if [ -z "$go" ]; then
  echo "There is no Go toolchain here: the AWS SDK for Go is not tested"
elif ! (cd tests/sdks/go && "$go" build -o ../../../target/sdks/who-go .); then
  rm -f target/sdks/who-go
  echo "The AWS SDK for Go could not be had or built here, see above: it is not tested"
fi

if ! [ -x target/test-awscli1/bin/aws ]; then
  python3 -m venv target/test-awscli1
  target/test-awscli1/bin/python -m pip install --quiet --disable-pip-version-check 'awscli<2'
fi
