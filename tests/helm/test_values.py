"""The chart without a cluster: every value set is rendered as it says, and what cannot be honoured is refused."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
import redis
import yaml
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from graph import __version__
from graph.config import Settings
from tests.helm.derived import CHART, granted
from tests.helm.program import Helm, HelmFailed, Object, container, named, value_sets, workloads
from tests.servers import free_port

REFUSED = {
    "helm lint knows this one": ("replicas=1", "additional properties 'replicas' not allowed"),
    "a typing mistake below": ("api.replica=1", "additional properties 'replica' not allowed"),
    "no such setting": ("settings.keep_lag=1", "additional properties 'keep_lag' not allowed"),
    "a setting that is a value": ("settings.cluster=a", "additional properties 'cluster' not allowed"),
    "a setting out of bounds": ("settings.lease_seconds=1", "lease_seconds': minimum: got 1, want 2"),
    "a setting of another type": ("settings.keep_log=many", "keep_log': got string, want integer"),
    "a setting's word": ("settings.log_level=loud", "log_level': value must be one of 'debug', 'info'"),
    "a list that is none": ("settings.service_labels=app", "service_labels': got string, want array"),
    "no such threshold": ("settings.rules.patience=1", "additional properties 'patience' not allowed"),
    "no pods": ("operator.replicas=0", "operator/replicas': minimum: got 0, want 1"),
    "a number as a word": ("api.replicas=two", "api/replicas': got string, want integer"),
    "no such mode": ("mode=both", "mode': value must be one of 'split', 'serve'"),
    "a switch as a word": ("actions.enabled=maybe", "actions/enabled': got string, want boolean"),
    "a cluster's name": ("cluster=Prod_1", "cluster': 'Prod_1' does not match pattern"),
    "a namespace's name": ("namespaces={Shop}", "namespaces/0': 'Shop' does not match pattern"),
    "a namespace twice": ("namespaces={shop,shop}", "namespaces': items at 0 and 1 are equal"),
    "the pull policy": ("image.pullPolicy=Sometimes", "pullPolicy': value must be one of 'Always'"),
    "the digest": ("image.digest=sha256:12", "digest': 'sha256:12' does not match pattern"),
    "a tag in the repository": ("image.repository=Status graph", "repository': 'Status graph' does not match pattern"),
    "root": ("runAsUser=0", "runAsUser': minimum: got 0, want 1"),
    "Redis as root": ("redis.bundled.runAsUser=0", "bundled/runAsUser': minimum: got 0, want 1"),
    "no URL of Redis": ("redis.url=redis:6379", "redis/url': 'redis:6379' does not match pattern"),
    "a password that breaks the URL": ("redis.bundled.password=p@ssw0rd", "password': 'p@ssw0rd' does not match"),
    "an amount of memory": ("redis.bundled.maxMemory=lots", "maxMemory': 'lots' does not match pattern"),
    "a disk's size": ("redis.bundled.persistence.size=big", "size': 'big' does not match pattern"),
    "the port": ("service.port=70000", "service/port': maximum: got 70,000, want 65,535"),
    "an Ingress without hosts": ("ingress.enabled=true", "ingress/hosts': minItems: got 0, want 1"),
    "a host with a scheme": ("ingress.hosts={https://a.example}", "hosts/0': 'https://a.example' does not match"),
    "a budget of no pod": ("podDisruptionBudget.maxUnavailable=0", "maxUnavailable': minimum: got 0, want 1"),
    "the interval": ("metrics.podMonitor.interval=often", "interval': 'often' does not match pattern"),
    "two Redis": (
        "redis.url=redis://a:6379",
        "more than one Redis: redis.url and redis.bundled.enabled are set; keep one of them",
    ),
    "no Redis": (
        "redis.bundled.enabled=false",
        "no Redis: set one of redis.url, redis.existingSecret.name and redis.bundled.enabled=true",
    ),
}


@pytest.mark.parametrize("values", value_sets(), ids=lambda path: path.stem)
def test_a_value_set_passes_the_strict_lint_and_is_rendered(helm: Helm, values: Path) -> None:
    helm("lint", "--strict", str(CHART), "--values", str(values))
    manifests = helm.render("--values", str(values))
    serving = (yaml.safe_load(values.read_text()) or {}).get("mode") == "serve"
    made = {container(one)["args"][0] for one in manifests if one["kind"] == "Deployment"}
    assert made == ({"serve"} if serving else {"operator", "api"})


@pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED)
def test_a_value_that_cannot_be_honoured_is_refused(helm: Helm, value: str, words: str) -> None:
    with pytest.raises(HelmFailed) as refused:
        helm.render("--set", value)
    assert words in str(refused.value)


def test_an_empty_key_is_no_key_of_a_secret(helm: Helm) -> None:
    with pytest.raises(HelmFailed, match="existingSecret/key"):
        helm.render("--set", "redis.existingSecret.name=mine,redis.existingSecret.key=")


def _rights(manifests: list[Object]) -> list[Object]:
    """The rules of each role, by kind and namespace, whatever its name; their order says nothing."""
    roles = [body for body in manifests if body["kind"] in ("Role", "ClusterRole")]
    found = [
        {
            "kind": role["kind"],
            "namespace": role["metadata"].get("namespace", "release" if role["kind"] == "Role" else None),
            "rules": [{key: sorted(words) for key, words in rule.items()} for rule in role["rules"]],
        }
        for role in roles
    ]
    return sorted(found, key=repr)


@pytest.mark.parametrize("namespaces", [(), ("shop", "billing")], ids=["cluster", "namespaces"])
@pytest.mark.parametrize("actions", [False, True], ids=["watching", "actions"])
def test_the_rights_are_those_of_the_rbac_command(helm: Helm, actions: bool, namespaces: tuple[str, ...]) -> None:
    given = ["--set", f"actions.enabled={str(actions).lower()},fullnameOverride=lease"]
    given += ["--set", f"namespaces={{{','.join(namespaces)}}}"] if namespaces else []
    manifests = helm.render(*given)
    text = yaml.safe_dump(granted(actions=actions, namespaces=namespaces))
    printed = yaml.safe_load(text.replace("LEASE_NAME", "lease-operator"))
    assert _rights(manifests) == _rights(printed)
    account = {"kind": "ServiceAccount", "name": "lease-operator", "namespace": "release"}
    for binding in (body for body in manifests if body["kind"].endswith("RoleBinding")):
        assert binding["subjects"] == [account], "nobody else gets rights"
        assert binding["roleRef"]["name"] == binding["metadata"]["name"]


@pytest.mark.parametrize("mode", ["split", "serve"])
def test_every_port_with_metrics_is_scraped(helm: Helm, mode: str) -> None:
    manifests = helm.render("--set", f"mode={mode},metrics.podMonitor.enabled=true")
    deployments = [container(one) for one in manifests if one["kind"] == "Deployment"]
    ports = {port["name"] for one in deployments for port in one["ports"]}
    endpoints = named(manifests, "PodMonitor", "statusgraph")["spec"]["podMetricsEndpoints"]
    assert sorted(one["port"] for one in endpoints) == sorted(ports) == ["api", "operator"]
    assert {one["path"] for one in endpoints} == {"/metrics"}


def test_only_the_operator_has_a_token(helm: Helm) -> None:
    manifests = helm.render()
    pods = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in workloads(manifests)}
    tokens = {name: pod["automountServiceAccountToken"] for name, pod in pods.items()}
    assert tokens == {"statusgraph-operator": True, "statusgraph-api": False, "statusgraph-redis": False}
    assert named(manifests, "ServiceAccount", "statusgraph-api")["automountServiceAccountToken"] is False


def test_the_settings_are_what_the_program_reads(helm: Helm) -> None:
    manifests = helm.render("--values", str(CHART / "ci" / "external-url.yaml"))
    for workload in workloads(manifests):
        given = {one["name"]: one.get("value") for one in container(workload)["env"]}
        names = {name.removeprefix("STATUSGRAPH_").lower() for name in given if name != "REDIS_URL"}
        assert {name for name in names if "__" not in name} <= Settings.model_fields.keys()
        assert given["STATUSGRAPH_KEEP_CHANGES"] == "2000000", "in full, not 2e+06"
        assert given["STATUSGRAPH_RULES__READY_GRACE"] == "120"
        assert given["STATUSGRAPH_SERVICE_LABELS"] == "app.kubernetes.io/part-of,app"
        assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 61, (
            "35 more than draining takes"
        )


def test_on_and_off_mean_the_same_with_quotes_and_without(helm: Helm) -> None:
    for given in ("off", '"off"'):
        values = helm.home / "values.yaml"
        values.write_text(f"settings: {{graphiql: {given}}}")
        api = named(helm.render("--values", str(values)), "Deployment", "statusgraph-api")
        assert {"name": "STATUSGRAPH_GRAPHIQL", "value": "off"} in container(api)["env"]


def _decoded(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_a_url_of_redis_is_in_a_secret_alone(helm: Helm) -> None:
    manifests = helm.render("--values", str(CHART / "ci" / "external-url.yaml"))
    secret = named(manifests, "Secret", "statusgraph-redis")
    assert _decoded(secret) == {"url": "rediss://statusgraph:hunter2@redis.example.com:6380/3"}
    assert not [body for body in manifests if body["kind"] != "Secret" and "hunter2" in str(body)]


def test_a_secret_of_the_users_is_referred_to_and_not_made(helm: Helm) -> None:
    manifests = helm.render("--values", str(CHART / "ci" / "external-secret.yaml"))
    api = container(named(manifests, "Deployment", "statusgraph-api"))
    [url] = [one for one in api["env"] if one["name"] == "REDIS_URL"]
    assert url["valueFrom"] == {"secretKeyRef": {"name": "shared-redis", "key": "REDIS_URL"}}
    assert {body["kind"] for body in manifests}.isdisjoint({"Secret", "StatefulSet"})


def test_the_bundled_redis_has_one_password_for_all(helm: Helm) -> None:
    manifests = helm.render()
    secret = _decoded(named(manifests, "Secret", "statusgraph-redis"))
    assert len(secret["password"]) == 32
    assert secret["url"] == f"redis://:{secret['password']}@statusgraph-redis:6379/0"
    sums = {one["spec"]["template"]["metadata"]["annotations"]["checksum/redis"] for one in workloads(manifests)}
    assert len(sums) == 1


def test_a_real_server_takes_the_arguments_of_the_bundled_redis(helm: Helm, redis_program: str, tmp_path: Path) -> None:
    given = container(named(helm.render(), "StatefulSet", "statusgraph-redis"))["args"]
    expected = {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "maxmemory": str(512 * 1024**2),
        "save": "",
    }
    words = [str(tmp_path) if word == "/data" else "s3cret" if word == "$(REDIS_PASSWORD)" else word for word in given]
    port, patience = free_port(), Retry(ConstantBackoff(0.05), 200)
    with subprocess.Popen([redis_program, "--port", str(port), *words], stdout=subprocess.DEVNULL) as server:
        try:
            with redis.Redis(port=port, password="s3cret", retry=patience) as client:
                configured = {name: client.config_get(name)[name] for name in expected}
            with (
                redis.Redis(port=port, retry=Retry(ConstantBackoff(0), 0)) as stranger,
                pytest.raises(redis.AuthenticationError),
            ):
                stranger.ping()
        finally:
            server.terminate()
    assert configured == expected
    assert list(tmp_path.rglob("*.aof"))


def test_the_image_is_the_one_of_this_version(helm: Helm) -> None:
    api = named(helm.render(), "Deployment", "statusgraph-api")
    assert container(api)["image"] == f"statusgraph:{__version__}"


def test_every_default_is_one_that_the_schema_knows() -> None:
    """Not only the other way round, which Helm checks: a value that is only in the schema would have no comment."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert values.keys() == schema["properties"].keys() - {"global"}
    workload = schema["definitions"]["workload"]["properties"].keys()
    assert values["operator"].keys() == values["api"].keys() == values["serve"].keys() == workload


def test_the_longest_names_fit(helm: Helm) -> None:
    values = str(CHART / "ci" / "namespaced-actions.yaml")
    text = helm("template", "a" * 53, str(CHART), "--namespace", "n" * 63, "--values", values)
    for body in filter(None, yaml.safe_load_all(text)):
        name = body["metadata"]["name"]
        assert len(name) <= (253 if "Role" in body["kind"] else 52), name


def test_the_package_holds_what_is_needed_and_no_more(helm: Helm, tmp_path: Path) -> None:
    helm("package", str(CHART), "--destination", str(tmp_path))
    [archive] = tmp_path.glob("statusgraph-*.tgz")
    helm("lint", "--strict", str(archive))
    listed = subprocess.run(["tar", "-tf", str(archive)], capture_output=True, text=True, check=True).stdout
    assert "statusgraph/files/rbac.yaml" in listed
    assert "/ci/" not in listed
