"""What becomes of a Deployment's ReplicaSets: a rollout step by step or at once, or a change of size."""

from __future__ import annotations

from graph.demo.controllers.deployment import conditions
from graph.demo.controllers.deployment.conditions import PAUSED, PROGRESSING, RESUMED, TIMED_OUT
from graph.demo.controllers.deployment.progress import status_of, with_progress
from graph.demo.controllers.deployment.revisions import DESIRED, by_age, number
from graph.demo.controllers.deployment.sets import Sync
from graph.demo.controllers.deployment.sizes import counted, rolling, room, shared, surge, total, unavailable, wanted
from graph.demo.controllers.pods import ended
from graph.demo.objects import Object, labels_of
from graph.demo.resources import PODS
from graph.demo.selectors import matches


def tell_size(sync: Sync) -> None:
    """Only what the ReplicaSets have."""
    sync.write(_seen(sync))


def tell_rollout(sync: Sync) -> None:
    """And what that means for the rollout."""
    status = _seen(sync)
    sync.write(with_progress(sync.deployment, status, sets=sync.all, new=sync.new, now=sync.now))


def _seen(sync: Sync) -> Object:
    size = total(sync.all) - sync.shift
    return status_of(sync.deployment, sync.all, sync.new, size=size, now=sync.now)


def tell_pause(sync: Sync) -> None:
    """A pause, or its end, begins the time of progress anew; unless that had run out."""
    status = sync.deployment.get("status", {})
    condition = conditions.found(status, PROGRESSING)
    reason = condition["reason"] if condition else ""
    paused = bool(sync.deployment["spec"].get("paused"))
    if conditions.deadline(sync.deployment) is None or reason == TIMED_OUT or paused == (reason == PAUSED):
        return
    told = (PAUSED, "Deployment is paused") if paused else (RESUMED, "Deployment is resumed")
    sync.write(conditions.put(status, conditions.made(PROGRESSING, "Unknown", *told, now=sync.now)))


def scaled(sync: Sync) -> bool:
    """Whether the Deployment's size is another than its ReplicaSets were told."""
    told = (number(one, DESIRED) for one in sync.all if wanted(one))
    return any(size is not None and size != wanted(sync.deployment) for size in told)


def resize(sync: Sync) -> None:
    """The only ReplicaSet that has pods, or all of them in proportion."""
    having = [one for one in sync.all if wanted(one)]
    if len(having) < 2:
        only = having[0] if having else sync.new or (by_age(sync.old)[-1] if sync.old else None)
        if only is not None:
            sync.scale(only, wanted(sync.deployment))
    elif _saturated(sync):
        for one in sync.old:
            sync.scale(one, 0)
    elif rolling(sync.deployment):
        _share_out(sync, having)


def roll(sync: Sync) -> None:
    """One step of a rolling update: the new ReplicaSet grows, or the old ones shrink."""
    if sync.new is None:
        sync.make()
    if not _grow(sync) and not _shrink(sync) and _complete(sync):
        sync.clean_up()
    tell_rollout(sync)


def recreate(sync: Sync) -> None:
    """Nothing new before everything old has gone."""
    stopped = [sync.scale(one, 0) for one in sync.old]
    if any(stopped) or _old_pods_run(sync):
        tell_rollout(sync)
        return
    if sync.new is None:
        sync.make()
    if sync.new is not None:
        sync.scale(sync.new, wanted(sync.deployment))
    if _complete(sync):
        sync.clean_up()
    tell_rollout(sync)


def _complete(sync: Sync) -> bool:
    return conditions.complete(sync.deployment, sync.deployment.get("status", {}))


def _saturated(sync: Sync) -> bool:
    size = wanted(sync.deployment)
    if sync.new is None or number(sync.new, DESIRED) != size:
        return False
    return wanted(sync.new) == size == counted([sync.new], "availableReplicas")


def _share_out(sync: Sync, having: list[Object]) -> None:
    size = wanted(sync.deployment)
    growing = (size + surge(sync.deployment) if size else 0) > total(having)
    aged = by_age(having)
    largest_first = sorted(aged[::-1] if growing else aged, key=wanted, reverse=True)
    sizes = shared(sync.deployment, largest_first)
    for one in largest_first:
        sync.scale(one, sizes[one["metadata"]["name"]], always=True)


def _grow(sync: Sync) -> bool:
    new, size = sync.new, wanted(sync.deployment)
    if new is None or wanted(new) == size:
        return False
    return sync.scale(new, size if wanted(new) > size else room(sync.deployment, sync.all, wanted(new)))


def _shrink(sync: Sync) -> bool:
    """Unhealthy pods go first: they could not make anything less available."""
    having = by_age(one for one in sync.old if wanted(one))
    if not having or sync.new is None:
        return False
    least = wanted(sync.deployment) - unavailable(sync.deployment)
    coming = wanted(sync.new) - counted([sync.new], "availableReplicas")
    surplus = total(sync.all) - least - coming
    if surplus <= 0:
        return False
    gone = _drop_unhealthy(sync, having, surplus)
    return gone + _drop_available(sync, least) > 0


def _drop_unhealthy(sync: Sync, having: list[Object], most: int) -> int:
    gone = 0
    for one in having:
        count = min(most - gone, wanted(one) - counted([one], "availableReplicas"))
        if count > 0:
            sync.scale(one, wanted(one) - count)
            gone += count
    return gone


def _drop_available(sync: Sync, least: int) -> int:
    surplus, gone = counted(sync.all, "availableReplicas") - least, 0
    for one in by_age(one for one in sync.old if wanted(one)):
        count = min(wanted(one), surplus - gone)
        if count > 0:
            sync.scale(one, wanted(one) - count)
            gone += count
    return gone


def _old_pods_run(sync: Sync) -> bool:
    if counted(sync.old, "replicas"):
        return True
    selector = sync.deployment["spec"]["selector"]
    return any(
        not ended(pod) and matches(selector, labels_of(pod))
        for one in sync.old
        for pod in sync.store.owned(one["metadata"]["uid"], PODS)
    )
