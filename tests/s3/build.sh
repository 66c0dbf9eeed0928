#!/bin/sh
# Builds Versity's S3 gateway, the real S3-compatible server that judges backends/blob_s3, into build/s3/bin.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export GOBIN="$root/build/s3/bin" GOFLAGS="-buildvcs=false -mod=readonly"
mkdir -p "$GOBIN"
exec 9>"$root/build/s3/lock" && flock 9
exec "$root/tools/with_go" . go install tool
