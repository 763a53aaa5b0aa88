"""The API server's record of one pod: the newest version seen, and the kubelet's two ways to write it."""

from __future__ import annotations

import asyncio
from typing import Any

from .api import MERGE_PATCH, Api, ApiError, UnreachableError

Object = dict[str, Any]

RETRY_SECONDS = 0.2


class PodGoneError(Exception):
    """The API server no longer has the pod; whoever plays it may stop."""


class PodRecord:
    """One pod by its UID. An API server that is away or overloaded is asked again until it answers."""

    def __init__(self, api: Api, pod: Object) -> None:
        self.pod = pod
        self._api = api
        metadata = pod["metadata"]
        self._uid = metadata["uid"]
        self._path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    def take(self, pod: Object) -> None:
        """Keeps the newer one: the watch and the answers to our own writes overtake one another."""
        if _version(pod) > _version(self.pod):
            self.pod = pod

    async def write(self, status: Object) -> bool:
        """False when someone else wrote in between: `pod` is fresh then, and the status to be made anew."""
        precondition = {"uid": self._uid, "resourceVersion": self.pod["metadata"]["resourceVersion"]}
        body = {"metadata": precondition, "status": status}
        try:
            self.take(await self._persist("PATCH", f"{self._path}/status", body, content_type=MERGE_PATCH))
        except ApiError as error:
            if error.status != 409:
                raise
            await self._look_again()
            return False
        return True

    async def remove(self) -> None:
        """The kubelet's last word; with finalizers the pod stays, and that is no longer the kubelet's business."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": self._uid}}
        try:
            await self._persist("DELETE", self._path, body)
        except ApiError as error:
            if error.status != 409:  # a conflict: another pod has the name by now
                raise

    async def _look_again(self) -> None:
        fresh = await self._persist("GET", self._path, None)
        if fresh["metadata"]["uid"] != self._uid:
            raise PodGoneError
        self.take(fresh)

    async def _persist(
        self, method: str, path: str, body: Object | None, *, content_type: str = "application/json"
    ) -> Object:
        while True:
            try:
                return await self._api.request(method, path, body=body, content_type=content_type)
            except UnreachableError:
                await asyncio.sleep(RETRY_SECONDS)
            except ApiError as error:
                if error.status == 404:
                    raise PodGoneError from error
                if error.status != 429 and error.status < 500:
                    raise
                await asyncio.sleep(RETRY_SECONDS)


def _version(pod: Object) -> int:
    return int(pod["metadata"]["resourceVersion"])
