"""What goes with its owner, in which order; and how a namespace goes."""

from __future__ import annotations

import pytest

from graph.demo.controllers.garbage import GarbageCollector
from graph.demo.controllers.namespaces import NamespaceController
from graph.demo.controllers.pods import owned_by
from graph.demo.objects import Object
from graph.demo.resources import CONFIG_MAPS, NAMESPACES, PODS, REPLICA_SETS, SERVICE_ACCOUNTS
from tests.demo.controllers.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench(lambda store: [GarbageCollector(store), NamespaceController(store)])


def family(bench: Bench) -> tuple[Object, Object]:
    template = {"template": {"spec": {"containers": [{"name": "app", "image": "app:1"}]}}}
    owner = bench.create(REPLICA_SETS, "web", {"selector": {}, **template})
    pod = bench.create(PODS, "web-1", template["template"]["spec"], ownerReferences=[owned_by(owner)])
    bench.run(pod)
    return owner, bench.get(PODS, "web-1")


def test_in_the_background_the_owner_goes_first(bench: Bench) -> None:
    _, pod = family(bench)
    bench.delete(REPLICA_SETS, "web")
    assert bench.names(REPLICA_SETS) == []
    assert "deletionTimestamp" in bench.get(PODS, "web-1")["metadata"]
    bench.remove(pod)
    assert bench.names(PODS) == []


def test_in_the_foreground_the_owner_waits(bench: Bench) -> None:
    _, pod = family(bench)
    bench.delete(REPLICA_SETS, "web", "Foreground")
    assert "deletionTimestamp" in bench.get(REPLICA_SETS, "web")["metadata"]
    assert "deletionTimestamp" in bench.get(PODS, "web-1")["metadata"]
    bench.remove(pod)
    assert bench.names(REPLICA_SETS) == []


def test_orphans_stay_and_name_no_owner(bench: Bench) -> None:
    family(bench)
    bench.delete(REPLICA_SETS, "web", "Orphan")
    assert bench.names(REPLICA_SETS) == []
    metadata = bench.get(PODS, "web-1")["metadata"]
    assert "deletionTimestamp" not in metadata
    assert "ownerReferences" not in metadata


def test_what_names_an_owner_that_never_was_goes(bench: Bench) -> None:
    owner, _ = family(bench)
    other = {**owned_by(owner), "uid": "another"}
    bench.create(CONFIG_MAPS, "lost", {}, ownerReferences=[other])
    bench.create(CONFIG_MAPS, "shared", {}, ownerReferences=[owned_by(owner), {**other, "controller": False}])
    assert bench.names(CONFIG_MAPS) == ["shared"]
    assert [one["uid"] for one in bench.get(CONFIG_MAPS, "shared")["metadata"]["ownerReferences"]] == [
        owner["metadata"]["uid"]
    ]


def test_a_namespace_has_an_account_and_goes_when_it_is_empty(bench: Bench) -> None:
    bench.create(NAMESPACES, "test", {})
    assert bench.names(SERVICE_ACCOUNTS) == ["default"]
    _, pod = family(bench)
    bench.delete(NAMESPACES, "test")
    namespace = bench.get(NAMESPACES, "test")
    assert namespace["status"]["phase"] == "Terminating"
    remaining = next(one for one in namespace["status"]["conditions"] if one["type"] == "NamespaceContentRemaining")
    assert remaining["message"] == "Some resources are remaining: pods. has 1 resource instances"
    assert bench.names(REPLICA_SETS) == []
    bench.remove(pod)
    assert bench.names(NAMESPACES) == []
