#!/bin/sh
# Builds the programs of others that judge our gRPC into build/interop/bin: grpcurl, and client and server of gRPC's interop tests in Go.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
export GOBIN="$root/build/interop/bin" GOFLAGS="-buildvcs=false -mod=readonly"
mkdir -p "$GOBIN"
exec 9>"$root/build/interop/lock" && flock 9
exec "$root/tools/with_go" . go install tool
