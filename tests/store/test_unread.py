"""What a replica leaves unread is as good as read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graph.errors import MalformedObject
from graph.model.resource import Change, ChangeType, Cursor, Resource, ResourceChange
from graph.store import unread
from graph.store.codec import Codec
from graph.store.protocols import Snapshot
from graph.store.replica import Replica
from graph.store.unread import Step, in_full
from tests.store.samples import LAMP, added, key, lamp


@pytest.fixture
def replica() -> Replica:
    """Empty."""
    made = Replica("c1", [LAMP], keep_transitions=10, keep_log=10, keep_actions=10)
    made.load(Snapshot(Cursor("c1", "e", 0), {}, [], 0, [], 0, []))
    return made


def _step(codec: Codec, change: Change, instead: tuple[bytes, bytes] = (b"", b"")) -> Step:
    sort, _, head, value, transition = codec.encode_change(change)
    return codec.step(sort.encode(), head + value.replace(*instead) + transition)


def test_fields_are_read_when_somebody_asks_for_them_and_say_what_was_written(codec: Codec, replica: Replica) -> None:
    replica.apply(1, _step(codec, added(lamp("a", watts=7))))
    stored = replica.resources[key("a")]
    assert codec.encode(stored) == codec.encode(lamp("a", watts=7)), "unread"
    assert [stored.fields.watts, stored.fields.watts] == [7, 7]
    assert codec.encode(stored) == codec.encode(lamp("a", watts=7)), "read"


def test_a_resource_of_the_stream_equals_what_says_the_same(codec: Codec) -> None:
    def streamed(watts: int) -> Resource:
        change = in_full(_step(codec, added(lamp("a", watts=watts))))
        assert isinstance(change, ResourceChange)
        assert change.resource is not None
        return change.resource

    for one, same, other in [
        (streamed(1), lamp("a", watts=1), lamp("a", watts=2)),
        (lamp("a", watts=1), streamed(1), streamed(2)),
        (streamed(1), streamed(1), streamed(2)),
        (streamed(1), streamed(1), replace(streamed(1), uid="another")),
    ]:
        assert (one == same, one != same) == (True, False)
        assert (one == other, one != other) == (False, True)


def test_fields_that_cannot_be_read_are_an_error_of_whoever_reads_them(codec: Codec, replica: Replica) -> None:
    replica.apply(1, _step(codec, added(lamp("a", watts=7)), (b"\x91\x07", b"\x91\xc0")))
    stored = replica.resources[key("a")]
    assert stored.status == lamp("a").status
    with pytest.raises(MalformedObject, match="unreadable LampFields"):
        stored.fields  # noqa: B018 # reading is what fails
    assert replica.load(Snapshot(Cursor("c1", "e", 1), {key("a"): lamp("a")}, [], 0, [], 0, [])) == [
        (1, ResourceChange(ChangeType.MODIFIED, key("a"), lamp("a")))
    ]


def test_resources_of_one_service_share_its_key(
    codec: Codec, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "MOST", 3)
    lamps = [replace(lamp(name), service=key(name[0]), owner=key(name)) for name in ("a1", "a2", "b1", "a3")]
    for seq, one in enumerate(lamps, 1):
        replica.apply(seq, _step(codec, added(one)))
    found = [replica.resources[one.key] for one in lamps]
    assert found == lamps
    assert found[0].service is found[1].service


def test_a_service_that_cannot_be_read_is_malformed(codec: Codec) -> None:
    broken = replace(lamp("a"), service=key("b"))
    for instead in (b"\xa4home\xa1b", b"\xa4\xff\xffme\xa1b"), (b"\xa4home\xa1b", b"\xa4home\x07"):
        with pytest.raises(MalformedObject, match="unreadable change"):
            _step(codec, added(broken), instead)


def test_a_resource_that_changes_keeps_its_key(codec: Codec, replica: Replica) -> None:
    for seq in (1, 2):
        replica.apply(seq, _step(codec, added(lamp("a", watts=seq))))
    (held,) = replica.resources
    assert held is replica.resources[key("a")].key
