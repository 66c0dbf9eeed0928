"""Conformance kit for the Open Inference Protocol, version 2: asks a running server and checks what it answers."""
