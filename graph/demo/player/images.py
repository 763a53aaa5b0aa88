"""Why a container cannot be made: the waiting reasons before its first run, with the events that come along. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .clock import backoff_seconds
from .script import Script, split_image

RETRY_SECONDS = 12.0
PULL_SECONDS = 2.0

Told = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class CreationFailure:
    """What shows for so long: the waiting reason and message, and the events (type, reason, message)."""

    reason: str
    message: str
    seconds: float
    events: tuple[Told, ...]


def creation_failure(script: Script, image: str, attempts: int) -> CreationFailure | None:
    """None when nothing prevents the container."""
    match script.verb:
        case "missing":
            return _missing(script, image, attempts)
        case "invalid-image":
            return _invalid(image)
        case "config-error":
            return _config_error(script.message or 'secret "missing" not found', image)
        case _:
            return None


def _missing(script: Script, image: str, attempts: int) -> CreationFailure:
    """ErrImagePull after each attempt, ImagePullBackOff between them."""
    problem = script.message or f'failed to resolve reference "{image}": {image}: not found'
    error = f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": {problem}'
    if attempts % 2 == 0:
        pulling = ("Normal", "Pulling", f'Pulling image "{image}"')
        failed = ("Warning", "Failed", f'Failed to pull image "{image}": {error}')
        return CreationFailure(
            "ErrImagePull", error, PULL_SECONDS, (pulling, failed, ("Warning", "Failed", "Error: ErrImagePull"))
        )
    text = f'Back-off pulling image "{image}"'
    told = (("Normal", "BackOff", text), ("Warning", "Failed", "Error: ImagePullBackOff"))
    return CreationFailure(
        "ImagePullBackOff", f"{text}: ErrImagePull: {error}", backoff_seconds(1 + attempts // 2), told
    )


def _invalid(image: str) -> CreationFailure:
    detail = "invalid reference format"
    if split_image(image)[0] != split_image(image)[0].lower():
        detail += f": repository name ({split_image(image)[0].partition('/')[2] or image}) must be lowercase"
    text = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {detail}'
    told = (("Warning", "InspectFailed", text), ("Warning", "Failed", "Error: InvalidImageName"))
    return CreationFailure("InvalidImageName", text, RETRY_SECONDS, told)


def _config_error(message: str, image: str) -> CreationFailure:
    pulled = ("Normal", "Pulled", f'Container image "{image}" already present on machine')
    told = (pulled, ("Warning", "Failed", f"Error: {message}"))
    return CreationFailure("CreateContainerConfigError", message, RETRY_SECONDS, told)
