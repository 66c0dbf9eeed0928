"""Libraries that load at their first use: every process of pytest imports every test file, and some take seconds of a processor to import."""

import importlib


class Late:
    """Stands for the module `name`, which is imported when something in it is asked for."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("_"):  # pytest looks for its own marks on whatever a test file has
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
