"""The two parts of kubernetes_asyncio that are used: how a cluster is reached, and the session with its API server.

Its packages load some 700 typed models when they are imported, which costs a process two seconds and 70 MB. Here they
are entered by the modules that are wanted, past the packages' ``__init__``; where that does not work (another layout of
the library), by the front door.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_ROOT = "kubernetes_asyncio"
_PACKAGES = (_ROOT, f"{_ROOT}.client", f"{_ROOT}.client.models")


def _load() -> tuple[Any, Any, Any]:
    """ApiClient, Configuration, and the module ``config``."""
    if any(name in sys.modules for name in _PACKAGES):
        return _whole()
    try:
        return _parts()
    except (ImportError, AttributeError, TypeError):
        return _whole()


def _parts() -> tuple[Any, Any, Any]:
    spec = find_spec(_ROOT)
    (place,) = (spec.submodule_search_locations if spec else None) or ("",)
    _root, client, _models = packages = [_hollow(name, place) for name in _PACKAGES]
    try:
        api_client: Any = importlib.import_module(f"{_ROOT}.client.api_client")
        configuration: Any = importlib.import_module(f"{_ROOT}.client.configuration")
        vars(client).update(ApiClient=api_client.ApiClient, Configuration=configuration.Configuration)
        return api_client.ApiClient, configuration.Configuration, importlib.import_module(f"{_ROOT}.config")
    finally:
        for package in packages:  # who imports the library after us gets the whole of it
            sys.modules.pop(package.__name__, None)


def _hollow(name: str, place: str) -> ModuleType:
    """A package whose modules can be imported, and whose own code was not run."""
    package = ModuleType(name)
    package.__path__ = [place + name.removeprefix(_ROOT).replace(".", "/")]
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)
    return package


def _whole() -> tuple[Any, Any, Any]:
    client: Any = importlib.import_module(f"{_ROOT}.client")
    return client.ApiClient, client.Configuration, importlib.import_module(f"{_ROOT}.config")


ApiClient, Configuration, config = _load()
