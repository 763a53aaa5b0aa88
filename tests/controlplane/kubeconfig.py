"""Kubeconfig files for the control plane's users: a client certificate or a bearer token, always with the authority."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml

from .certificates import Pair, write_secret


def certificate_user(pair: Pair) -> dict[str, str]:
    return {"client-certificate-data": _base64(pair.certificate), "client-key-data": _base64(pair.key)}


def token_user(token: str) -> dict[str, str]:
    return {"token": token}


def write(path: Path, *, server: str, authority: bytes, user: dict[str, str]) -> Path:
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}],
        "users": [{"name": path.stem, "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": path.stem}}],
        "current-context": "test",
    }
    write_secret(path, yaml.safe_dump(content, sort_keys=False).encode())
    return path


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
