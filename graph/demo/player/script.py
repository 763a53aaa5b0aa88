"""What a container is to do: the words of annotations and image tags, read into a `Script`. The words are explained in
the package's docstring."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

PREFIX = "play.statusgraph.io/"

VERBS: dict[str, dict[str, str]] = {
    "ok": {},
    "slow": {"after": "5s"},
    "unready": {},
    "starting": {},
    "crash": {"exit": "1", "after": "1s"},
    "once": {"exit": "1", "after": "1s", "times": "1"},
    "oom": {"exit": "137", "after": "1s"},
    "exit": {"exit": "0", "after": "1s"},
    "unhealthy": {"exit": "137", "after": "3s"},
    "missing": {},
    "invalid-image": {},
    "config-error": {},
    "creating": {},
    "evicted": {"after": "1s"},
}
PARAMETERS = frozenset({"after", "exit", "times", "stop", "message", "reason"})
EXITING = frozenset({"crash", "once", "oom", "exit", "unhealthy"})


class UnknownPlayError(Exception):
    """An annotation says something that no one can play."""


@dataclass(frozen=True, slots=True)
class Script:
    """One container's part. `after` is None where the verb lasts for ever."""

    verb: str = "ok"
    after: float | None = None
    exit_code: int = 0
    times: int | None = None
    stop: str = "0s"
    message: str | None = None
    reason: str | None = None


def script_for(pod: dict[str, Any], container: dict[str, Any], *, restarts: int) -> Script:
    """The annotation decides, then the image; what names neither runs for ever, or to its end in a Job's pod."""
    default = "ok" if _runs_for_ever(pod, container) else "exit"
    annotation = (pod["metadata"].get("annotations") or {}).get(PREFIX + container["name"])
    script = parse(annotation or _image_words(container["image"]) or default)
    used_up = script.times is not None and restarts >= script.times
    return parse(default) if used_up else script


def parse(words: str) -> Script:
    """`crash exit=3 after=2s message="two words"`; what is not said is as in the table of verbs."""
    verb, *rest = shlex.split(words) or [""]
    if verb not in VERBS:
        raise UnknownPlayError(f"no play {verb!r}: there are {', '.join(VERBS)}")
    values = dict(VERBS[verb])
    for word in rest:
        name, _, value = word.partition("=")
        if name not in PARAMETERS or not value:
            raise UnknownPlayError(f"no parameter {word!r}: there are {', '.join(sorted(PARAMETERS))}, as name=value")
        values[name] = value
    return _script(verb, values)


def _script(verb: str, values: dict[str, str]) -> Script:
    times = values.get("times")
    return Script(
        verb=verb,
        after=seconds(values["after"]) if "after" in values else None,
        exit_code=int(values.get("exit", "0")),
        times=int(times) if times else None,
        stop=values.get("stop", "0s"),
        message=values.get("message"),
        reason=values.get("reason"),
    )


def seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", text)
    if match is None:
        raise UnknownPlayError(f"no duration {text!r}: write 500ms, 2s or 1m")
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}[match[2]]


def _image_words(image: str) -> str | None:
    """The tag is a verb, or ends with one: `app:crash`, `app:1.4-crash`. A bad reference is one for everybody."""
    repository, tag = split_image(image)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*", repository) or not re.fullmatch(r"[\w.-]+", tag):
        return "invalid-image"
    return max((verb for verb in VERBS if tag == verb or tag.endswith(f"-{verb}")), key=len, default=None)


def split_image(image: str) -> tuple[str, str]:
    """A colon before the last slash belongs to the registry's port."""
    plain = image.partition("@")[0]
    head, colon, tag = plain.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (plain, "latest")


def _runs_for_ever(pod: dict[str, Any], container: dict[str, Any]) -> bool:
    is_init = any(one["name"] == container["name"] for one in pod["spec"].get("initContainers", ()))
    policy = container.get("restartPolicy") if is_init else pod["spec"].get("restartPolicy", "Always")
    return bool(policy == "Always")
