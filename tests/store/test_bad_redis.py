"""What is wrong with a Redis is said in a sentence: by a call that cannot work, or once at the start."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from graph.errors import StoreError, StoreRefused, StoreUnavailable
from graph.model.action import ActionRequest
from graph.model.resource import FreshnessState
from graph.store import inspection
from graph.store.codec import Codec
from graph.store.connection import Server
from graph.store.desk import RedisDesk
from graph.store.forgetting import forget
from graph.store.inspection import OF_API, OF_OPERATOR, flaws
from graph.store.keys import RIGHTS
from graph.store.reader import RedisReader
from graph.store.writer import RedisWriter
from tests.servers import RedisServer
from tests.store.conftest import KEPT
from tests.store.pipeline import pipeline
from tests.store.samples import LAMP, added, key, lamp

NO_AOF = "Redis runs without AOF: a restart loses transitions and the operator log; set appendonly yes."
DOCS = Path(__file__).parents[2] / "docs" / "redis.md"
RULES = {
    name: re.findall(rf"^ACL SETUSER statusgraph-{name} (.*)$", DOCS.read_text(), re.MULTILINE)[0]
    for name in ("operator", "api", "forget")
}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Server]:
    server = Server(url, timeout=2)
    try:
        yield server
    finally:
        await server.close()


@pytest.fixture(scope="module")
def one_of_its_own(redis_program: str) -> Iterator[RedisServer]:
    """With AOF; tests that set it up differently set it back."""
    server = RedisServer(redis_program, appendonly=True)
    server.start()
    yield server
    server.close()


@pytest.fixture
async def admin(one_of_its_own: RedisServer) -> AsyncIterator[Server]:
    async with connected(one_of_its_own.url) as server:
        yield server


async def user(admin: Server, redis: RedisServer, rules: str) -> str:
    """The address for a user with these rules and no others."""
    await admin.command("ACL", "SETUSER", "guest", "reset", *rules.replace(">…", ">secret").split())
    return redis.url.replace("redis://", "redis://guest:secret@")


async def problem(url: str) -> StoreError:
    """What a writer is told."""
    async with connected(url) as server:
        with pytest.raises(StoreError) as raised:
            await RedisWriter(server, "c1", Codec([LAMP]), KEPT).claim(1)
    return raised.value


async def test_a_redis_as_it_should_be_has_no_flaws(admin: Server) -> None:
    assert await flaws(admin, OF_OPERATOR) == []
    assert await admin.command("KEYS", "statusgraph:{rights}:*") == []


async def test_a_redis_without_aof_is_told(redis_program: str) -> None:
    server = RedisServer(redis_program)
    try:
        server.start()
        async with connected(server.url) as redis:
            assert await flaws(redis, OF_OPERATOR) == [NO_AOF]
    finally:
        server.close()


async def test_an_evicting_policy_is_told_where_it_can_evict(admin: Server) -> None:
    await admin.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        assert await flaws(admin, OF_API) == []
        await admin.command("CONFIG", "SET", "maxmemory", "100mb")
        assert await flaws(admin, OF_API) == ["Redis may evict data (allkeys-lru); set maxmemory-policy noeviction."]
    finally:
        await admin.command("CONFIG", "SET", "maxmemory", "0")
        await admin.command("CONFIG", "SET", "maxmemory-policy", "noeviction")


async def test_a_replica_takes_no_writes_and_says_so(one_of_its_own: RedisServer, redis_program: str) -> None:
    replica = RedisServer(redis_program, "--replicaof", "127.0.0.1", str(one_of_its_own.port), appendonly=True)
    replica.start()
    try:
        async with connected(replica.url) as redis:
            assert await flaws(redis, OF_OPERATOR) == [
                "Redis is a replica and takes no writes; give the address of the primary, or of Sentinels."
            ]
        refusal = await problem(replica.url)
        assert isinstance(refusal, StoreRefused)
        assert str(refusal).startswith(
            "Redis refuses writes, it is a replica: give the address of the primary, or of Sentinels: "
        )
    finally:
        replica.close()


def in_cluster_mode(program: str) -> RedisServer:
    """It takes a second port, greater by 10,000."""
    while (server := RedisServer(program, "--cluster-enabled", "yes")).port > 55_000:
        server.close()
    return server


async def test_a_redis_in_cluster_mode_is_refused(redis_program: str) -> None:
    server = in_cluster_mode(redis_program)
    sentence = "Redis runs in cluster mode: one primary is needed, with replicas and Sentinels (Hash slot not served)"
    try:
        server.start()
        refusal = await problem(server.url)
        assert isinstance(refusal, StoreRefused)
        assert str(refusal) == sentence
        async with connected(server.url) as redis:
            assert await flaws(redis, OF_API) == [sentence + "."]
    finally:
        server.close()


async def test_a_password_that_is_missing_wrong_or_needless_is_refused(
    admin: Server, one_of_its_own: RedisServer
) -> None:
    with_one = one_of_its_own.url.replace("redis://", "redis://:guess@")
    needless = await problem(with_one)
    await admin.command("CONFIG", "SET", "requirepass", "secret")
    try:
        missing, wrong = await problem(one_of_its_own.url), await problem(with_one)
    finally:
        await admin.command("CONFIG", "SET", "requirepass", "")
    assert all(isinstance(one, StoreRefused) for one in (needless, missing, wrong))
    assert str(missing) == ("Redis asks for a password: write it into its address, redis://user:password@host:6379/0")
    assert str(wrong).startswith("Redis refuses the user or the password of its address: ")
    assert str(needless) == "Redis has no password, and its address gives one: take it out, or set one in Redis"


async def test_users_with_the_documented_rights_can_do_everything(admin: Server, one_of_its_own: RedisServer) -> None:
    operator = await user(admin, one_of_its_own, RULES["operator"])
    async with connected(operator) as server:
        assert await flaws(server, OF_OPERATOR) == []
        writer = RedisWriter(server, "rights", Codec([LAMP]), KEPT)
        pen = await writer.fill(await writer.claim(1), [lamp("a", cluster="rights")])
        await writer.write(pen, [added(lamp("b", cluster="rights"))])
        await writer.beat(pen, FreshnessState.LIVE, None)
    api = await user(admin, one_of_its_own, RULES["api"])
    async with connected(api) as server:
        assert await flaws(server, OF_API) == []
        reader = RedisReader(server, server, Codec([LAMP]))
        assert await reader.clusters() == ["rights"]
        snapshot = await reader.snapshot("rights")
        assert snapshot is not None
        assert list(await reader.tail(snapshot.cursor, wait=0.01)) == []
        assert (await reader.pulse("rights")).loaded


async def test_a_user_with_the_documented_rights_can_forget(admin: Server, one_of_its_own: RedisServer) -> None:
    await RedisWriter(admin, "gone", Codec([LAMP]), KEPT).claim(1)
    async with connected(await user(admin, one_of_its_own, RULES["forget"])) as server:
        await forget(server, "gone")
    assert await admin.command("KEYS", "statusgraph:{gone}:*") == []


async def test_trying_rights_leaves_nothing_that_grows(admin: Server, one_of_its_own: RedisServer) -> None:
    async with connected(await user(admin, one_of_its_own, RULES["api"])) as server:
        for _ in range(3):
            assert await flaws(server, OF_API) == []
    assert await admin.command("XLEN", RIGHTS[1]) == 1


@pytest.mark.parametrize("command", [command for command in OF_OPERATOR if not command.startswith("EVAL")])
async def test_each_right_that_is_missing_is_named_at_the_start(
    admin: Server, one_of_its_own: RedisServer, command: str
) -> None:
    url = await user(admin, one_of_its_own, f"{RULES['operator']} -{command.lower()}")
    async with connected(url) as server:
        assert await flaws(server, OF_OPERATOR) == [
            f"Redis refuses our user a right: +{command.lower()} is missing, see docs/redis.md."
        ]


@pytest.mark.parametrize(
    ("rules", "missing"),
    [("~statusgraph:* +info", "+evalsha"), ("~other:* +@all", "~statusgraph:*"), ("~statusgraph:*", "+evalsha")],
)
async def test_a_right_without_which_nothing_works_is_named(
    admin: Server, one_of_its_own: RedisServer, rules: str, missing: str
) -> None:
    url = await user(admin, one_of_its_own, f"on >secret +client|setname {rules}")
    async with connected(url) as server:
        (sentence,) = await flaws(server, OF_API)
    assert sentence.startswith(f"Redis refuses our user a right: {missing} is missing, see docs/redis.md (")


async def test_a_right_that_is_missing_inside_a_script_is_refused(admin: Server, one_of_its_own: RedisServer) -> None:
    refusal = await problem(await user(admin, one_of_its_own, f"{RULES['operator']} -hset"))
    assert isinstance(refusal, StoreRefused)
    assert str(refusal).startswith(
        "Redis refuses our user a right: one of our commands is missing, see docs/redis.md ("
    )


def test_the_lists_of_commands_are_what_is_called() -> None:
    lua = files("graph.store").joinpath("lua")
    of_scripts = {
        path.name.removesuffix(".lua"): set(re.findall(r"redis\.p?call\(\s*'([A-Z]+)'", path.read_text()))
        for path in lua.iterdir()
        if path.name != "rights.lua"
    }
    of_api = {name for script in ("snapshot", "pulse", "ask") for name in of_scripts[script]}
    of_operator = {name for script, names in of_scripts.items() if script not in ("ask", "forget") for name in names}
    calling = {"EVAL", "EVALSHA"}
    assert set(OF_API) == of_api | calling | {"SMEMBERS", "XREAD"}
    assert set(OF_OPERATOR) == of_operator - {"INFO"} | calling | {"SADD", "XREAD", "XDEL"}, "INFO is asked for first"


async def test_what_is_no_redis_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    web = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with web:
        refusal = await problem(f"redis://127.0.0.1:{web.sockets[0].getsockname()[1]}/0")
    assert isinstance(refusal, StoreUnavailable)
    assert str(refusal).startswith("what answers at the address of Redis is no Redis: ")


async def test_an_old_redis_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = b"redis_version:6.0.16\r\nredis_mode:standalone\r\nrole:master\r\naof_enabled:1\r\n"
        while words := await reader.readline():
            sent = [(await reader.readline(), await reader.readline())[1] for _ in range(int(words[1:]))]
            told = {b"INFO": b"$%d\r\n%s\r\n" % (len(info), info), b"EVALSHA": b"*0\r\n"}
            writer.write(told.get(sent[0].strip(), b"+OK\r\n"))
        writer.close()

    old = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with old, connected(f"redis://127.0.0.1:{old.sockets[0].getsockname()[1]}/0") as server:
        assert await flaws(server, OF_API) == ["Redis 6.0.16 is too old; 6.2 is needed."]


async def test_an_answer_of_which_nothing_is_known_is_told_and_ends_nobody(one_of_its_own: RedisServer) -> None:
    async with connected(one_of_its_own.url.removesuffix("/0") + "/99") as server:
        with capture_logs() as logs:
            await inspection.tell(server, OF_API)
    assert [line["event"] for line in logs] == [
        "Redis does not say how it is set up, so that is not checked: Redis cannot do this: DB index is out of range."
    ]


async def test_flaws_are_told_once_redis_answers(redis_program: str) -> None:
    server = RedisServer(redis_program)
    async with connected(server.url) as redis:
        with capture_logs() as logs:
            telling = asyncio.create_task(inspection.tell(redis, OF_API))
            await asyncio.sleep(0)
            server.start()
            try:
                await asyncio.wait_for(telling, 10)
            finally:
                server.close()
    assert [line["event"] for line in logs] == [NO_AOF]


async def test_a_full_redis_is_an_alarm_a_metric_and_no_longer_fresh_until_it_has_room(
    admin: Server, one_of_its_own: RedisServer
) -> None:
    async with pipeline(one_of_its_own.url, "full") as one:
        await admin.command("CONFIG", "SET", "maxmemory", "1")
        try:
            with capture_logs() as logs:
                one.switch("a", 1)
                await one.until(lambda: one.outbox.refused)
                await one.until(lambda: one.state is FreshnessState.STALE)
        finally:
            await admin.command("CONFIG", "SET", "maxmemory", "0")
        assert one.outbox.oldest > 0
        assert one.watts("a") is None
        (alarm,) = (line for line in logs if line["event"] == "Redis takes no writes, trying again")
        assert alarm["problem"].startswith("Redis refuses writes, its memory is full (maxmemory): ")
        await one.shown("a", 1)
        assert (one.outbox.refused, one.outbox.oldest, len(one.outbox)) == (False, 0.0, 0)


async def test_requests_for_actions_need_only_the_documented_rights(admin: Server, one_of_its_own: RedisServer) -> None:
    request = ActionRequest("r1", "switch", key("a", "asked"), "2026-01-01T00:00:00.000Z")
    async with connected(await user(admin, one_of_its_own, RULES["api"])) as server:
        assert await RedisDesk(server, server, Codec([LAMP])).ask(request, "fp")
    async with connected(await user(admin, one_of_its_own, RULES["operator"])) as server:
        desk = RedisDesk(server, server, Codec([LAMP]))
        async for receipt, found in desk.requests("asked"):
            assert found == request
            await desk.done("asked", receipt)
            break
