#!/bin/sh
# Builds build/go-textstats/textstats: generates the contract's Go code into gen/ (not committed) with the pinned plugins, then compiles.
#   examples/go-textstats/build.sh [--test]    --test also runs gofmt, go vet and go test
# Needs protoc and Go (tools/with_go).
set -eu
mode=${1-}
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
out=$root/build/go-textstats
# Once more, with the Go that go.mod asks for.
[ -n "${GOBIN-}" ] || GOBIN=$out/bin exec "$root/tools/with_go" . ./build.sh "$@"
export GOFLAGS="-buildvcs=false -mod=readonly"
mkdir -p "$GOBIN"
# One at a time; and a program that is running is left alone when there is nothing new.
exec 9>"$out/lock" && flock 9

"$root/third_party/fetch" googleapis-common-protos
go install tool
rm -rf gen && mkdir gen
set -- buf/validate/validate.proto starling/options/v1/options.proto starling/textstats/v1/textstats.proto
options=paths=source_relative
for file in "$@"; do
  options=$options,M$file=textstats/gen/$(dirname "$file")
done
protoc -I "$root/api" -I "$("$root/third_party/fetch" --path googleapis-common-protos)" \
  --plugin="protoc-gen-go=$GOBIN/protoc-gen-go" --go_out=gen --go_opt="$options" \
  --plugin="protoc-gen-go-grpc=$GOBIN/protoc-gen-go-grpc" --go-grpc_out=gen --go-grpc_opt="$options" \
  "$@"
go build -o "$out/textstats.new" .
if ! cmp -s "$out/textstats.new" "$out/textstats"; then
  cp "$out/textstats.new" "$out/textstats.next" && mv "$out/textstats.next" "$out/textstats"
fi
if [ "$mode" = --test ]; then
  unformatted=$(gofmt -l ./*.go)
  [ -z "$unformatted" ] || { echo "not formatted by gofmt: $unformatted" >&2; exit 1; }
  go vet . && go test .
fi
