"""Checks of what was built: the image's configuration and its files."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.image.buildah import Image

_ENVIRONMENT = {
    "PYTHONUNBUFFERED=1",
    "PYTHONDONTWRITEBYTECODE=1",
    "STATUSGRAPH_API_LISTEN=0.0.0.0:8000",
    "STATUSGRAPH_OPERATOR_LISTEN=0.0.0.0:8001",
    "STATUSGRAPH_LOG_FORMAT=json",
}
_BASE_OWN = ("/etc/ssl/certs", "/etc/hosts")
# Modules that are never loaded, and so have no bytecode (Dockerfile).
_UNCOMPILED = ("kubernetes_asyncio/client/api/", "kubernetes_asyncio/client/models/")


def version(project: Path) -> str:
    """The version that is built."""
    told: str = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    return told


def configuration(image: Image) -> str:
    """User, command, ports, signal, health check, environment."""
    config = image.config
    assert config["User"] == "10001:10001", config["User"]
    assert (config["Entrypoint"], config["Cmd"]) == (["statusgraph"], ["serve"]), config["Entrypoint"]
    assert set(config["ExposedPorts"]) == {"8000/tcp", "8001/tcp"}, config["ExposedPorts"]
    assert config["StopSignal"] == "SIGTERM", config["StopSignal"]
    assert config["WorkingDir"] == "/", config["WorkingDir"]
    assert config["Healthcheck"]["Test"][0] == "CMD", config["Healthcheck"]
    assert set(config["Env"]) >= _ENVIRONMENT, config["Env"]
    return f"user {config['User']}, entrypoint statusgraph, command serve, ports 8000 and 8001, SIGTERM, a health check"


def labels(image: Image, *, project: Path, revision: str) -> str:
    """OCI's labels hold what the build was told."""
    found = {name.rpartition(".")[2]: value for name, value in image.config["Labels"].items()}
    assert found["version"] == version(project), found
    assert found["revision"] == revision, found
    assert {"title", "description", "licenses", "created"} <= set(found), found
    return f"version {found['version']}, revision {revision[:12]}, {found['licenses']}"


def nothing_of_this_machine(image: Image, *, mounts: dict[Path, str]) -> str:
    """What was mounted for the build is neither in the files nor in the history."""
    for source, place in mounts.items():
        left = image.root / place.lstrip("/")
        if place not in _BASE_OWN:
            assert not left.exists() or left.stat().st_size == 0, f"{place} is in the image"
        elif left.is_file():
            assert left.read_bytes() != source.read_bytes(), f"{place} is this machine's"
        assert str(source) == place or str(source) not in image.history, f"the history names {source}"
    bundle = "etc/ssl/certs/ca-certificates.crt"
    authorities = (image.root / bundle).read_bytes()
    assert set(_certificates(authorities)) <= set(_packaged(image.root)), (
        f"/{bundle} holds certificates of this machine"
    )
    return f"none of {len(mounts)} mounted files and folders is in a layer"


def _certificates(bundle: bytes) -> Iterator[bytes]:
    for block in bundle.split(b"-----END CERTIFICATE-----")[:-1]:
        yield b"".join(block.partition(b"-----BEGIN CERTIFICATE-----")[2].split())


def _packaged(root: Path) -> Iterator[bytes]:
    for file in (root / "usr/share/ca-certificates").rglob("*.crt"):
        yield from _certificates(file.read_bytes())


def bytecode(image: Image) -> str:
    """Every module that is loaded is compiled, of the standard library too: a read-only root cannot do it later."""
    modules = [*(image.root / "opt/statusgraph/lib").rglob("*.py"), *_standard(image.root)]
    wanted = [file for file in modules if not any(part in str(file) for part in _UNCOMPILED)]
    missing = [file for file in wanted if not any((file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"))]
    assert not missing, f"{len(missing)} modules have no bytecode, e.g. {missing[0]}"
    return f"{len(wanted)} modules are compiled"


def _standard(root: Path) -> list[Path]:
    return list((root / "usr/lib").glob("python3.*/[a-z]*.py"))


def ownership(image: Image) -> str:
    """The image's user owns no file and may change none, /tmp and its like aside."""
    count = 0
    for folder, folders, files in os.walk(image.root):
        for name in (*folders, *files):
            about = os.lstat(os.path.join(folder, name))
            count += 1
            assert about.st_uid != 10001, f"{folder}/{name} belongs to the image's user"
            open_to_all = about.st_mode & stat.S_IWOTH and not about.st_mode & stat.S_ISVTX
            assert not open_to_all or stat.S_ISLNK(about.st_mode), f"{folder}/{name} can be changed by everybody"
    return f"none of {count} files and folders can be changed by the image's user"
