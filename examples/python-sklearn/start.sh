#!/bin/sh
# The command of model.yaml: becomes the server, with the Python that build.sh made, or that PYTHON names.
set -eu
cd "$(dirname "$0")"
exec "${PYTHON:-../../build/python-sklearn/venv/bin/python}" server.py
