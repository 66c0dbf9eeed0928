"""Answers pip's question for the metadata of a source archive without running anything that is in the archive.

`pip download` builds the metadata of an sdist before it keeps the file. That runs the package's own code and can take
minutes, and all that is wanted here is the file. third_party/fetch puts this folder on PYTHONPATH for such a download; pip's
build process then finds this module under whatever backend name the archive asks for.
"""

import importlib.abc
import importlib.machinery
import os
import sys


def _names_of_backend():
    """The module that pip will import, and its parents, from the variable of pip's vendored pyproject hooks (old and new name)."""
    backend = os.environ.get("_PYPROJECT_HOOKS_BUILD_BACKEND") or os.environ.get("PEP517_BUILD_BACKEND") or ""
    parts = backend.partition(":")[0].split(".")
    return {".".join(parts[: i + 1]) for i in range(len(parts))} if parts != [""] else set()


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name, version = os.environ["STARLING_SDIST_NAME"], os.environ["STARLING_SDIST_VERSION"]
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    os.mkdir(os.path.join(metadata_directory, folder))
    with open(os.path.join(metadata_directory, folder, "METADATA"), "w", encoding="utf-8") as file:
        file.write(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


class _NullBackend(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names):
        self._names = names

    def find_spec(self, fullname, path=None, target=None):
        if fullname in self._names:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def exec_module(self, module):
        module.get_requires_for_build_wheel = get_requires_for_build_wheel
        module.prepare_metadata_for_build_wheel = prepare_metadata_for_build_wheel
        module.__legacy__ = module  # the object of pip's default backend, setuptools.build_meta:__legacy__


if os.environ.get("STARLING_SDIST_NAME") and _names_of_backend():
    sys.meta_path.insert(0, _NullBackend(_names_of_backend()))
