"""Kubeconfig files, written for the control plane's users (a client certificate or a bearer token, always with the
authority), and read by the tests' own client."""

from __future__ import annotations

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any

import yaml

from graph.demo.player import Api

from .certificates import Pair, write_secret

Object = dict[str, Any]


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


def api_of(path: Path) -> Api:
    """Reads the current context; credentials are a client certificate, a token or none."""
    content = yaml.safe_load(path.read_text())
    context = _named(content["contexts"], content["current-context"])["context"]
    cluster = _named(content["clusters"], context["cluster"])["cluster"]
    user = _named(content["users"], context["user"])["user"]
    return Api(cluster["server"], tls=_tls(cluster, user), token=user.get("token"))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _named(entries: list[Object], name: str) -> Object:
    return next(entry for entry in entries if entry["name"] == name)


def _tls(cluster: Object, user: Object) -> ssl.SSLContext | None:
    if not cluster["server"].startswith("https:"):
        return None
    context = ssl.create_default_context(cadata=_data(cluster, "certificate-authority"))
    certificate, key = _data(user, "client-certificate"), _data(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile("w") as file:  # the ssl module reads client certificates from files only
            file.write(certificate + key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _data(entry: Object, name: str) -> str | None:
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return Path(entry[name]).read_text() if name in entry else None
