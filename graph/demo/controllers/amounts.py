"""Quantities as Kubernetes writes them, and what a pod asks for. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from fractions import Fraction
from functools import lru_cache

from graph.demo.objects import Object

_FORM = re.compile(r"([+-]?[0-9.]+)([a-zA-Z]*)")
_SUFFIXES = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1)}
_SUFFIXES |= {letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", 1)}
_SUFFIXES |= {f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", 1)}


@lru_cache(maxsize=1024)
def amount(text: Hashable) -> Fraction:
    """``100m`` → 1/10, ``64Gi``, ``1e3``; what is no quantity is 0."""
    found = _FORM.fullmatch(str(text))
    if found is None or found[2] not in _SUFFIXES:
        return Fraction(0)
    return Fraction(found[1]) * _SUFFIXES[found[2]]


def text_of(value: Fraction) -> str:
    """As a number, in thousandths where it has to be."""
    return str(value.numerator) if value.denominator == 1 else f"{int(value * 1000)}m"


def asked(pod: Object, which: str = "requests") -> Counter[str]:
    """What a pod asks for: of its containers together, or of the init container that asks for most, in thousandths."""
    spec = pod["spec"]
    total: Counter[str] = Counter()
    for container in spec["containers"]:
        total += _of(container, which)
    for container in spec.get("initContainers", ()):
        if container.get("restartPolicy") == "Always":
            total += _of(container, which)
    for container in spec.get("initContainers", ()):
        total |= _of(container, which)
    return total


def _of(container: Object, which: str) -> Counter[str]:
    given = (container.get("resources") or {}).get(which) or {}
    return Counter({name: int(amount(value) * 1000) for name, value in given.items()})
