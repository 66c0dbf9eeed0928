#!/bin/sh
# Makes what server.py needs: build/python-sklearn/venv with the pinned packages, and the protocol's generated code in
# build/python-sklearn/gen.
#   examples/python-sklearn/build.sh            makes the virtual environment when it is missing
#   PYTHON=... examples/python-sklearn/build.sh  uses that Python, which has the packages already
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
out=$root/build/python-sklearn
mkdir -p "$out"
# One at a time; and what a running child may be reading is left alone when there is nothing new.
exec 9>"$out/lock" && flock 9

if [ -z "${PYTHON-}" ]; then
  PYTHON=$out/venv/bin/python
  if ! cmp -s requirements.txt "$out/venv/requirements.txt"; then
    python3 -m venv --clear "$out/venv"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements.txt
    cp requirements.txt "$out/venv/requirements.txt"
  fi
fi

rm -rf "$out/gen.new" && mkdir "$out/gen.new"
common=$("$PYTHON" -c 'import google.api, pathlib; print(pathlib.Path(list(google.api.__path__)[0]).parent.parent)')
"$PYTHON" -m grpc_tools.protoc -I "$root/api" -I "$common" --python_out="$out/gen.new" --grpc_python_out="$out/gen.new" \
  buf/validate/validate.proto starling/options/v1/options.proto inference/infer.proto inference/model_config.proto inference/grpc_service.proto
if ! diff -rq -x __pycache__ "$out/gen.new" "$out/gen" >/dev/null 2>&1; then
  rm -rf "$out/gen" && mv "$out/gen.new" "$out/gen"
fi
