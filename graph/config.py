"""Settings: one frozen object, read from the environment here and nowhere else.

Every setting is ``STATUSGRAPH_<NAME>``; ``REDIS_URL`` and ``KUBECONFIG`` keep the names that everybody knows. The
table in ``docs/settings.md`` is generated from the descriptions below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Literal, NamedTuple

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from graph.errors import SettingsError

PREFIX = "STATUSGRAPH_"
SENTINELS = re.compile(
    r"redis(?P<tls>s?)\+sentinel://(?P<user>[^/@]*@)?"
    r"(?P<hosts>(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?(?:,(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?)*)"
    r"/(?P<service>[^/?]+)(?:/(?P<db>\d{0,4}))?(?:\?(?P<query>.*))?"
)
"""The address of Sentinels, and the name that they know the primary by."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds of the status rules (section 1, Constants), in seconds unless they count something."""

    sched_grace: float = 15
    scaleup: float = 600
    create_event: float = 60
    create_stuck: float = 300
    init_stuck: float = 600
    ready_grace: float = 300
    flap_win: float = 600
    flap_n: int = 3
    term_slack: float = 60
    job_start: float = 120
    tick_grace: float = 100
    fail_runs: int = 3
    pile: int = 5
    ev_win: float = 600
    stable_min: float = 60
    settle_up: float = 0.3
    settle_down: float = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one GraphQL request may cost at most; docs/limits.md says what each of them counts."""

    body: PositiveInt = 65_536
    document: PositiveInt = 16_384
    tokens: PositiveInt = 1_000
    depth: PositiveInt = 16
    fields: PositiveInt = 400
    aliases: PositiveInt = 30
    directives: PositiveInt = 50
    overlaps: PositiveInt = 800
    cost: PositiveInt = 100_000
    values: PositiveInt = 1_000
    seconds: PositiveFloat = 10.0


def _listed(value: object) -> object:
    """``a, b`` → ``("a", "b")``: lists are written with commas, as everywhere in the environment."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """All settings. Unknown ``STATUSGRAPH_`` variables are an error: a typing mistake must not go unseen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", populate_by_name=True
    )

    cluster: str = Field("default", description="Name of the cluster that this operator watches; part of every id.")
    namespaces: Names = Field((), description="Watch only these namespaces, comma-separated. Empty: the whole cluster.")
    api_listen: str = Field("127.0.0.1:8000", description="host:port of the GraphQL API.")
    operator_listen: str = Field("127.0.0.1:8001", description="host:port of the operator's probes and metrics.")
    actions: Literal["on", "off"] = Field("off", description="Whether mutations may change the cluster.")
    graphiql: Literal["on", "off"] = Field("on", description="Whether a browser finds GraphiQL at /graphql.")
    allowed_origins: Names = Field(
        (),
        description="Whose pages may use the API beside our own: https://portal.example, comma-separated.",
    )
    allowed_hosts: Names = Field(
        (),
        description="By which names the API may be called beside localhost: portal.example, comma-separated. Empty: by "
        "any, but only by localhost where it listens on loopback.",
    )
    trusted_documents: str | None = Field(
        None, description='Path of a JSON file of documents that clients name by their id: {"<id>": "<document>"}.'
    )
    only_trusted_documents: Literal["on", "off"] = Field(
        "off", description="Whether other documents are refused; GraphiQL needs them."
    )
    limits: Limits = Field(
        Limits(), description="What one request may cost at most, e.g. STATUSGRAPH_LIMITS__DEPTH; see docs/limits.md."
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        validation_alias=AliasChoices("REDIS_URL", "STATUSGRAPH_REDIS_URL", "redis_url"),
        description="The Redis or Valkey server (≥ 6.2): redis://, rediss:// or unix://; or Sentinels that know it, "
        "redis+sentinel://host:port,host:port/service/db. See docs/redis.md.",
    )
    kubeconfig: str | None = Field(
        None,
        validation_alias=AliasChoices("KUBECONFIG", "STATUSGRAPH_KUBECONFIG", "kubeconfig"),
        description="Path of a kubeconfig. Unset: the pod's own ServiceAccount, else ~/.kube/config.",
    )
    kube_context: str | None = Field(None, description="Context of the kubeconfig; its current one when unset.")
    service_labels: Names = Field(
        ("app.kubernetes.io/instance", "app.kubernetes.io/name", "app"),
        description="Labels that name an object's service, the first found wins, after statusgraph.io/service.",
    )
    lease_name: str = Field("statusgraph-operator", description="Name of the Lease by which the leader is elected.")
    lease_namespace: str | None = Field(
        None, description="Namespace of that Lease; the pod's own, else that of the kubeconfig's context, else default."
    )
    lease_seconds: float = Field(15, ge=2, le=120, description="A leader that was silent for so long is replaced.")
    watch_timeout: float = Field(
        300, ge=1, le=3600, description="Seconds after which the server ends a watch (to 2 ×)."
    )
    watch_silence: float = Field(70, ge=1, le=600, description="A watch that was silent for so long is opened again.")
    batch_ms: float = Field(
        20, ge=0, le=1000, description="Changes of so many milliseconds are judged and written together."
    )
    keep_changes: int = Field(20_000, ge=100, description="Entries of the change stream that Redis keeps.")
    keep_transitions: int = Field(10_000, ge=10, description="Recorded transitions that Redis keeps, per cluster.")
    keep_log: int = Field(10_000, ge=10, description="Operator log entries that Redis keeps, per cluster.")
    keep_actions: int = Field(1_000, ge=10, description="Actions that Redis keeps, per cluster.")
    subscriber_queue: int = Field(10_000, ge=10, description="Changes that may wait for one slow subscription.")
    drain_seconds: float = Field(10, ge=0, le=60, description="Time over which open websockets are closed on SIGTERM.")
    max_sockets: int = Field(5_000, ge=1, description="Websockets and event streams that one api process serves.")
    max_sockets_per_peer: int = Field(2_000, ge=1, description="The same, of one address.")
    trusted_proxies: Names = Field(
        (),
        description="Addresses or networks whose X-Forwarded-For says whose a connection is, comma-separated.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged."
    )
    log_format: Literal["json", "text"] = Field("text", description="Log lines for machines or for people.")
    rules: Rules = Field(Rules(), description="Thresholds of the status rules, e.g. STATUSGRAPH_RULES__READY_GRACE.")

    @field_validator("cluster")
    @classmethod
    def _cluster(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", value):
            raise ValueError(
                "a cluster's name is 1 to 63 of a-z, 0-9, '-' and '.', and starts and ends with a letter or digit"
            )
        return value

    @field_validator("api_listen", "operator_listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not (colon and host and port.isdigit() and int(port) < 65536):
            raise ValueError("write it as host:port, e.g. 127.0.0.1:8000")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not re.fullmatch(r"https?://[^/?#@\s*]+", value):
                raise ValueError(f"{value} is no origin; write it as https://host or https://host:port, without a path")
        return tuple(value.lower() for value in values)

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:]+", value):
                raise ValueError(f"{value} is no name of a host; write it without a scheme and without a port")
        return tuple(value.lower() for value in values)

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if "+sentinel://" in value:
            if not SENTINELS.fullmatch(value):
                raise ValueError("write it as redis+sentinel://host:port,host:port/service/db")
        elif not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write it as redis://host:port/db, rediss://…, unix://… or redis+sentinel://…")
        return value


def address(listen: str) -> tuple[str, int]:
    """``127.0.0.1:8000`` → ``("127.0.0.1", 8000)``; ``[::1]:80`` loses its brackets."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def load(defaults: Mapping[str, object] | None = None, **overrides: object) -> Settings:
    """The settings of this process; SettingsError with one sentence for each one that is bad or unknown.

    ``defaults`` are for what the environment leaves open, ``overrides`` win over it; both by the fields' names.
    """
    known = {setting.name for setting in described()}
    unknown = [name for name in os.environ if name.startswith(PREFIX) and name.partition("__")[0] not in known]
    if unknown:
        raise SettingsError("; ".join(f"{name}: there is no such setting" for name in sorted(unknown)))
    given = {name.upper() for name in os.environ}
    open_ = {name: value for name, value in (defaults or {}).items() if _name(name) not in given}
    try:
        return Settings(**{**open_, **overrides})  # type: ignore[arg-type] # validated by pydantic
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(dict(problem)) for problem in error.errors())) from error


def colourless() -> bool:
    """Whether whoever runs a command wants no colours: NO_COLOR set to anything (no-color.org), or a dumb terminal."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


class Described(NamedTuple):
    """A setting as help and docs show it."""

    name: str
    default: str
    description: str


def described() -> list[Described]:
    """Every setting, in the order of the class."""
    return [
        Described(_name(name), _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _name(field: str) -> str:
    return field.upper() if field in ("redis_url", "kubeconfig") else PREFIX + field.upper()


def _default(value: object) -> str:
    if isinstance(value, Rules | Limits):
        return ", ".join(f"{field.name}={getattr(value, field.name):g}" for field in fields(value))
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _sentence(problem: dict[str, object]) -> str:
    place = problem.get("loc")
    names = [str(part) for part in place] if isinstance(place, tuple) else []
    name = "__".join(names).upper()
    name = name if name in ("REDIS_URL", "KUBECONFIG") else PREFIX + name.removeprefix(PREFIX)
    text = str(problem.get("msg", "")).removeprefix("Value error, ")
    return f"{name}={problem.get('input')!s:.80}: {text}"
