"""How this machine reaches the package registries, told to a build by mounts alone: no layer keeps any of it.

A mirror, a proxy or a certificate authority of one's own is in the configuration of pip, uv and npm, or in the
environment. (buildah's own ``--env`` would write the environment into the image.)
"""

from __future__ import annotations

import os
from configparser import ConfigParser
from pathlib import Path

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def mounts(directory: Path) -> dict[Path, str]:
    """File or folder here → its place in the build; what has to be written first is written into ``directory``."""
    written = {
        "pip.conf": (_pip(), "/etc/pip.conf"),
        "uv.toml": (_uv(), "/etc/uv/uv.toml"),
        "npmrc": (_npm(), "/root/.npmrc"),
    }
    found = {Path(name): name for name in ("/etc/ssl/certs", "/etc/hosts", "/etc/resolv.conf")}
    for name, (text, place) in written.items():
        file = directory / name
        file.touch(mode=0o600)  # a registry's password may be in it
        file.write_text(text)
        found[file] = place
    return {source: place for source, place in found.items() if source.exists()}


def _pip() -> str:
    home = Path.home()
    named = os.environ.get("PIP_CONFIG_FILE", os.devnull)
    parser = ConfigParser(interpolation=None)
    parser.read(["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf", named])
    settings = dict(parser["global"]) if parser.has_section("global") else {}
    for key in ("index-url", "extra-index-url", "trusted-host", "proxy"):
        if value := os.environ.get("PIP_" + key.upper().replace("-", "_")):
            settings[key] = value
    settings = {key: value for key, value in settings.items() if key != "find-links"} | {"cert": BUNDLE}
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def _uv() -> str:
    lines = ["system-certs = true"]
    if url := os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        lines.append(f'index-url = "{url}"')
    files = [Path.home() / ".config/uv/uv.toml", Path("/etc/uv/uv.toml")]
    own = next((file.read_text() for file in files if file.exists()), "")
    return "\n".join([*(line for line in lines if line.partition(" ")[0] not in own), own])


def _npm() -> str:
    named = os.environ.get("NPM_CONFIG_USERCONFIG") or str(Path.home() / ".npmrc")
    files = [Path("/etc/npmrc"), Path("/usr/etc/npmrc"), Path(named)]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    environment = {name.upper(): value for name, value in os.environ.items()}  # npm takes it in either case
    if registry := environment.get("NPM_CONFIG_REGISTRY"):
        lines.append(f"registry={registry}")
    lines = [line for line in lines if not line.startswith(("cafile", "prefix", "nodedir"))]
    return "\n".join([*lines, f"cafile={BUNDLE}", ""])
