"""What a test of a story needs: objects are created, actions asked for, and what was heard of them is compared.

Expected histories are written as words, one for each (state, reason): ``a|b`` is one of them, ``?`` may be left out
(what stands for less than 0.3 s is not told), ``*`` is any number.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane.kube import Kube, Object
from tests.e2e.actions import act, id_of, log_of
from tests.e2e.client import Ledger
from tests.e2e.system import System
from tests.servers import RedisServer


@dataclass(frozen=True)
class Story:
    """Where it is told: the cluster, the api, and what was heard of its namespace."""

    kube: Kube
    port: int
    heard: Ledger
    namespace: str

    async def create(self, *objects: Object) -> None:
        """In the story's namespace."""
        for one in objects:
            await self.kube.create(one, namespace=self.namespace)

    async def until(self, kind: str, name: str, word: str, within: float = 40.0) -> None:
        """The last that was heard of an object."""
        try:
            await self.heard.until(lambda: self.heard.of(kind, name)[-1:] == [word], within)
        except TimeoutError:
            raise AssertionError(f"{kind} {name}: {self.heard.of(kind, name)} never came to {word}") from None

    async def do(self, mutation: str, field: str, name: str, **given: object) -> Object:
        """An action on an object of the story, at its end."""
        return await act(self.port, mutation, await id_of(self.port, field, self.namespace, name), **given)

    def histories(self, kind: str, prefix: str) -> list[list[str]]:
        """Of each object of a kind whose name begins so."""
        told = [item["object"] for item in self.heard.transitions if item["object"]["kind"] == kind]
        names = dict.fromkeys(one["name"] for one in told if one["name"].startswith(prefix))
        return [self.heard.of(kind, name) for name in names]

    def told(self, kind: str, name: str, word: str) -> Object:
        """The transition by which an object came to be so."""
        state, reason = word.split("/")
        for item in self.heard.transitions:
            to = item["to"]
            same = item["object"]["kind"] == kind and item["object"]["name"].startswith(name)
            if same and to and (to["state"], to["reason"]) == (state, reason):
                return item
        raise AssertionError(f"{kind} {name} was never {word}: {self.heard.of(kind, name)}")


@asynccontextmanager
async def telling(kube: Kube, kubeconfig: Path, redis_program: str, **settings: str) -> AsyncIterator[Story]:
    """A system of its own, and a namespace that a client listens to."""
    redis, namespace = RedisServer(redis_program), f"story-{secrets.token_hex(4)}"
    redis.start()
    await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    try:
        async with (
            System(redis, kubeconfig, **settings) as system,
            Ledger(system.api.port, namespaces=[namespace]) as heard,
        ):
            yield Story(kube, system.api.port, heard, namespace)
    finally:
        await kube.delete("Namespace", namespace)
        redis.close()


def fits(history: list[str], expected: str) -> bool:
    """Whether a history is one of those that are expected."""
    words = [re.fullmatch(r"(.*?)([?*]?)", word) for word in expected.split()]
    pattern = "".join(f"(?:(?:{word[1]}) ){word[2]}" for word in words if word)
    return re.fullmatch(pattern, "".join(f"{word} " for word in history)) is not None


def chain(transition: Object) -> list[tuple[str, str | None, str, str]]:
    """(kind, container, reason, evidence) of each cause, the nearest first."""
    causes = transition["to"]["because"]
    return [(one["object"]["kind"], one["object"]["container"], one["reason"], one["evidence"]) for one in causes]


async def lines(port: int, action: Object) -> list[tuple[str, str | None, str]]:
    """(level, step, message) of each entry of the operator log."""
    return [(entry["level"], entry["step"], entry["message"]) for entry in await log_of(port, action)]
