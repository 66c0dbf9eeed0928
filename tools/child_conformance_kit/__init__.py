"""Conformance kit for child services: starts a program as starling would and checks docs/other-languages.md."""
