"""Quotas and disruption budgets: what is refused, and what their status tells."""

from __future__ import annotations

import pytest

from graph.demo.controllers import quota
from graph.demo.controllers.amounts import amount
from graph.demo.controllers.disruption import DisruptionController
from graph.demo.controllers.quota import QuotaController
from graph.demo.objects import Object
from graph.demo.problems import Forbidden
from graph.demo.resources import CONFIG_MAPS, DISRUPTION_BUDGETS, PODS, QUOTAS
from tests.demo.controllers.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench(lambda store: [QuotaController(store), DisruptionController(store)])


def spec(cpu: str = "100m") -> Object:
    return {"containers": [{"name": "app", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}]}


@pytest.mark.parametrize(
    ("text", "thousandths"), [("100m", 100), ("2", 2000), ("1.5", 1500), ("1k", 10**6), ("1Ki", 1_024_000), ("x", 0)]
)
def test_quantities(text: str, thousandths: int) -> None:
    assert amount(text) * 1000 == thousandths


def test_the_status_counts_what_is_there(bench: Bench) -> None:
    bench.create(QUOTAS, "small", {"hard": {"pods": "3", "requests.cpu": "1", "count/configmaps": "1"}})
    bench.create(PODS, "one", spec("250m"))
    bench.create(PODS, "two", spec("250m"))
    bench.create(CONFIG_MAPS, "settings", {})
    status = bench.get(QUOTAS, "small")["status"]
    assert status["hard"] == {"pods": "3", "requests.cpu": "1", "count/configmaps": "1"}
    assert status["used"] == {"pods": "2", "requests.cpu": "500m", "count/configmaps": "1"}
    bench.run(bench.get(PODS, "two"))
    bench.end(bench.get(PODS, "two"))
    assert bench.get(QUOTAS, "small")["status"]["used"]["pods"] == "1", "one that ended does not count"


def test_what_has_no_room_is_refused_in_the_api_servers_words(bench: Bench) -> None:
    bench.create(QUOTAS, "small", {"hard": {"pods": "2", "requests.cpu": "300m"}})
    bench.create(PODS, "one", spec("200m"))
    fits = {"metadata": {"name": "fits", "namespace": "test"}, "spec": spec("100m")}
    quota.admit(bench.store, fits)
    with pytest.raises(Forbidden) as refused:
        quota.admit(bench.store, {"metadata": {"name": "big", "namespace": "test"}, "spec": spec("200m")})
    words = "exceeded quota: small, requested: requests.cpu=200m, used: requests.cpu=200m, limited: requests.cpu=300m"
    assert str(refused.value) == f'pods "big" is forbidden: {words}'


def test_what_is_limited_has_to_be_asked_for(bench: Bench) -> None:
    bench.create(QUOTAS, "small", {"hard": {"requests.cpu": "1", "limits.memory": "1Gi"}})
    with pytest.raises(Forbidden, match=r"failed quota: small: must specify limits\.memory for: app$"):
        quota.admit(bench.store, {"metadata": {"name": "mute", "namespace": "test"}, "spec": spec()})


def test_a_budget_tells_how_many_pods_can_be_spared(bench: Bench) -> None:
    for name in ("one", "two", "three"):
        bench.run(bench.create(PODS, name, spec(), labels={"app": "web"}))
    bench.create(DISRUPTION_BUDGETS, "web", {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}})
    status = bench.get(DISRUPTION_BUDGETS, "web")["status"]
    assert [status[name] for name in ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")] == [
        3,
        2,
        3,
        1,
    ]
    assert (status["conditions"][0]["status"], status["conditions"][0]["reason"]) == ("True", "SufficientPods")
    bench.run(bench.get(PODS, "one"), ready=False)
    status = bench.get(DISRUPTION_BUDGETS, "web")["status"]
    assert (status["disruptionsAllowed"], status["conditions"][0]["reason"]) == (0, "InsufficientPods")
