"""What is loaded of kubernetes_asyncio, each time in a process of its own."""

from __future__ import annotations

import subprocess
import sys

MODELS = "sum(name.startswith('kubernetes_asyncio.client.models.') for name in sys.modules)"


def told(program: str) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_no_typed_model_is_loaded() -> None:
    assert told(f"import sys, graph.kube.client; print({MODELS})") == "0"


def test_the_parts_are_the_library_s_own() -> None:
    program = (
        "from graph.kube.library import ApiClient, Configuration, config; "
        "print(ApiClient.__module__, Configuration.__module__, config.load_kube_config.__module__)"
    )
    assert told(program) == (
        "kubernetes_asyncio.client.api_client kubernetes_asyncio.client.configuration "
        "kubernetes_asyncio.config.kube_config"
    )


def test_who_imports_the_library_afterwards_has_all_of_it() -> None:
    program = "import graph.kube.client, kubernetes_asyncio as whole; print(whole.client.V1Pod.__name__)"
    assert told(program) == "V1Pod"


def test_who_imported_the_library_before_shares_it() -> None:
    program = (
        "import kubernetes_asyncio as whole; from graph.kube.library import ApiClient; "
        "print(ApiClient is whole.client.ApiClient)"
    )
    assert told(program) == "True"
