"""The store: versions, histories, what a write means to metadata, and deletion."""

from __future__ import annotations

from random import Random

import pytest

from graph.demo.defaults import defaulted
from graph.demo.objects import Object
from graph.demo.problems import AlreadyExists, Conflict, Expired, NotFound
from graph.demo.resources import CONFIG_MAPS, DEPLOYMENTS, JOBS, NAMESPACES, PODS
from graph.demo.store import Store

NOW = 1_767_268_800.0


@pytest.fixture
def store() -> Store:
    return Store(lambda: NOW, Random(0), history=10)


def pod(name: str, namespace: str = "shop", **more: Object) -> Object:
    spec = {"containers": [{"name": "main", "image": "a:1"}], **more.pop("spec", {})}
    return defaulted(PODS, {"metadata": {"name": name, "namespace": namespace}, "spec": spec, **more})


def test_every_write_has_a_higher_version_and_writing_the_same_is_no_write(store: Store) -> None:
    first = store.create(PODS, pod("a"))
    assert store.update(PODS, first) is not None
    assert store.version == int(first["metadata"]["resourceVersion"])
    second = store.update(PODS, {**first, "status": {"phase": "Running"}}, status=True)
    assert int(second["metadata"]["resourceVersion"]) == store.version > int(first["metadata"]["resourceVersion"])


def test_lists_are_by_namespace_and_name_however_they_came(store: Store) -> None:
    for place in (("b", "x"), ("a", "z"), ("a-b", "y"), ("a", "c")):
        store.create(PODS, pod(place[1], place[0]))
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in store.list(PODS)] == [
        ("a", "c"),
        ("a", "z"),
        ("a-b", "y"),
        ("b", "x"),
    ]
    assert [one["metadata"]["name"] for one in store.list(PODS, "a")] == ["c", "z"]
    store.delete(PODS, "a", "c")
    assert [one["metadata"]["name"] for one in store.list(PODS, "a")] == ["z"]
    assert store.list(PODS, "nowhere") == []


def test_a_name_is_taken_once_and_a_generated_one_is_repeated_by_a_seed(store: Store) -> None:
    store.create(PODS, pod("a"))
    with pytest.raises(AlreadyExists, match='pods "a" already exists'):
        store.create(PODS, pod("a"))
    names = [
        Store(lambda: NOW, Random(7)).create(PODS, {**pod("x"), "metadata": {"generateName": "web-", "namespace": "n"}})
        for _ in range(2)
    ]
    assert names[0]["metadata"]["name"] == names[1]["metadata"]["name"] != "web-"


def test_a_spec_that_changes_counts_a_generation_and_a_status_does_not(store: Store) -> None:
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}}}
    first = store.create(
        DEPLOYMENTS, defaulted(DEPLOYMENTS, {"metadata": {"name": "a", "namespace": "n"}, "spec": spec})
    )
    status = store.update(DEPLOYMENTS, {**first, "status": {"replicas": 1}}, status=True)
    assert status["metadata"]["generation"] == 1
    changed = store.update(DEPLOYMENTS, {**status, "spec": {**status["spec"], "replicas": 3}, "status": {}})
    assert changed["metadata"]["generation"] == 2
    assert changed["status"] == {"replicas": 1}


def test_an_old_version_is_a_conflict(store: Store) -> None:
    first = store.create(PODS, pod("a"))
    store.update(PODS, {**first, "status": {"phase": "Running"}}, status=True)
    with pytest.raises(Conflict, match="please apply your changes to the latest version"):
        store.update(PODS, {**first, "status": {"phase": "Failed"}}, status=True)
    with pytest.raises(Conflict, match="does not match the UID in record"):
        store.delete(PODS, "shop", "a", uid="another")


def test_what_has_a_finalizer_goes_with_it(store: Store) -> None:
    held = {"metadata": {"name": "a", "namespace": "n", "finalizers": ["x/y"]}}
    store.create(CONFIG_MAPS, held)
    going = store.delete(CONFIG_MAPS, "n", "a")
    assert going["metadata"]["deletionTimestamp"] == "2026-01-01T12:00:00Z"
    assert store.find(CONFIG_MAPS, "n", "a") is not None
    store.update(CONFIG_MAPS, {**going, "metadata": {**going["metadata"], "finalizers": []}})
    assert store.find(CONFIG_MAPS, "n", "a") is None


def test_a_pod_on_a_node_is_given_its_grace_and_a_waiting_one_goes_at_once(store: Store) -> None:
    store.create(PODS, pod("waiting"))
    store.create(PODS, pod("running", spec={"nodeName": "node-1"}))
    store.delete(PODS, "shop", "waiting")
    assert store.find(PODS, "shop", "waiting") is None
    assert store.delete(PODS, "shop", "running", grace=7)["metadata"]["deletionGracePeriodSeconds"] == 7
    assert store.delete(PODS, "shop", "running", grace=20)["metadata"]["deletionGracePeriodSeconds"] == 7
    store.delete(PODS, "shop", "running", grace=0)
    assert store.find(PODS, "shop", "running") is None


def test_a_namespace_stays_until_it_is_finalized(store: Store) -> None:
    store.create(NAMESPACES, defaulted(NAMESPACES, {"metadata": {"name": "n"}}))
    going = store.delete(NAMESPACES, "", "n")
    assert going["status"]["phase"] == "Terminating"
    store.update(NAMESPACES, {**going, "spec": {}})
    with pytest.raises(NotFound, match='namespaces "n" not found'):
        store.get(NAMESPACES, "", "n")


def test_a_job_selects_its_pods_by_its_own_uid(store: Store) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}
    job = {"metadata": {"name": "once", "namespace": "n"}, "spec": {"template": template}}
    made = store.create(JOBS, defaulted(JOBS, job))
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"]["job-name"] == "once"


def test_what_an_owner_controls_is_found_while_it_does(store: Store) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": True}
    made = store.create(PODS, {**pod("a"), "metadata": {"name": "a", "namespace": "n", "ownerReferences": [owner]}})
    assert [one["metadata"]["name"] for one in store.owned("u")] == ["a"]
    assert list(store.owned("u", JOBS)) == []
    store.update(PODS, {**made, "metadata": {**made["metadata"], "ownerReferences": []}})
    assert list(store.owned("u")) == []


def test_the_history_tells_what_happened_since_and_forgets_the_oldest(store: Store) -> None:
    start = store.version
    for number in range(15):
        store.create(PODS, pod(f"pod-{number:02}"))
    assert [change.object["metadata"]["name"] for change in store.history(PODS).after(start + 13)] == [
        "pod-13",
        "pod-14",
    ]
    for number in range(15):
        store.delete(PODS, "shop", f"pod-{number:02}")
    assert [change.type for change in store.history(PODS).after(store.version - 1)] == ["DELETED"]
    with pytest.raises(Expired, match="too old resource version"):
        store.history(PODS).after(start)
    assert store.history(PODS).after(store.version) == []


def test_the_last_that_is_heard_of_an_object_has_the_version_of_its_deletion(store: Store) -> None:
    store.create(PODS, pod("a"))
    store.delete(PODS, "shop", "a")
    [change] = store.history(PODS).after(store.version - 1)
    assert (change.type, change.object["metadata"]["resourceVersion"]) == ("DELETED", str(store.version))


def test_a_dry_write_writes_nothing(store: Store) -> None:
    store.create(PODS, pod("a"))
    version = store.version
    store.create(PODS, pod("b"), dry=True)
    store.update(PODS, {**pod("a"), "status": {"phase": "Failed"}}, status=True, dry=True)
    store.delete(PODS, "shop", "a", dry=True)
    assert store.version == version
    assert [one["metadata"]["name"] for one in store.list(PODS)] == ["a"]
