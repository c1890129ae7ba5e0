"""aetcd 1.0.0 through all of its methods. It has none that manage users."""

import asyncio
import functools
import io

import aetcd
from aetcd import exceptions, rtypes

from suite import MASTER, PLAIN, RULED, address, case, fresh, key, run


def name(text):
    return key(text).encode()


def client(text=PLAIN, **more):
    return aetcd.Client(**address(text), timeout=50, **more)


def case_of(function):
    """Adds a case that runs in a loop of its own, with a client."""
    @functools.wraps(function)
    def within(_):
        async def body():
            async with client() as it:
                await asyncio.wait_for(function(it), 60)

        asyncio.run(body())

    return case(within)


async def refused(kind, waiting):
    """Awaits what must raise `kind`, and gives what it raised."""
    try:
        result = await waiting
    except kind as error:
        return error
    raise AssertionError(f"no {kind}, but {result!r}")


@case_of
async def a_value_is_put_got_and_deleted(it):
    one = name("value")
    assert await it.get(one) is None
    made = (await it.put(one, b"1")).header
    got = await it.get(one)
    assert (got.key, got.value, got.version, got.lease) == (one, b"1", 1, 0), got
    assert got.create_revision == got.mod_revision == made.revision
    assert got.header.cluster_id == made.cluster_id and made.raft_term > 0 and made.member_id
    assert (await it.put(one, b"\x00\xff", prev_kv=True)).prev_kv.value == b"1"
    assert (await it.get(one, serializable=True)).value == b"\x00\xff"
    gone = await it.delete(one, prev_kv=True)
    assert gone.deleted == 1 and gone.prev_kv.value == b"\x00\xff"
    assert await it.delete(one) is None
    await it.put(one, b"1")
    assert await it.replace(one, b"x", b"2") is False
    assert await it.replace(one, b"1", b"2") is True


@case_of
async def ranges_are_read_in_each_order(it):
    for number, letter in enumerate("bac"):
        await it.put(name(f"range/{letter}"), str(9 - number).encode())
    await it.put(name("range/a"), b"8")

    async def letters(**more):
        got = await it.get_prefix(name("range/"), **more)
        return "".join(chr(kv.key[-1]) for kv in got)

    assert await letters() == "abc" and await letters(sort_order="descend") == "cba"
    for target, order in [("value", "cab"), ("create", "bac"), ("mod", "bca"), ("version", "bca")]:
        assert await letters(sort_order="ascend", sort_target=target) == order, target
    bare = await it.get_prefix(name("range/"), keys_only=True)
    assert [kv.value for kv in bare] == [b""] * 3 and bare.count == 3 and not bare.more
    both = await it.get_range(name("range/a"), name("range/c"))
    assert [kv.value for kv in both] == [b"8", b"9"] and both[1].key == name("range/b")
    assert len(await it.get_all()) >= 3
    assert await it.delete_range(name("range/a"), name("range/b"))
    left = await it.delete_prefix(name("range/"), prev_kv=True)
    assert left.deleted == 2 and [kv.value for kv in left] == [b"9", b"7"]
    assert not await it.delete_prefix(name("range/"))


@case_of
async def a_transaction_does_one_of_two_lists(it):
    one, two, do = name("txn/1"), name("txn/2"), it.transactions
    revision = (await it.put(one, b"1")).header.revision
    conditions = [
        do.value(one) == b"1", do.value(one) != b"x", do.value(one) > b"0",
        do.version(two) == 0, do.create(one) == revision, do.mod(one) < revision + 1,
    ]
    succeeded, answers = await it.transaction(
        compare=conditions,
        success=[
            do.put(two, b"2"), do.get(two), do.delete(one, prev_kv=True),
            do.txn([do.create(two) == 0], [do.put(name("txn/3"), b"3")], []),
        ],
        failure=[],
    )
    assert succeeded and answers[1][0][0] == b"2", answers
    assert answers[2].response_delete_range.prev_kvs[0].value == b"1"
    assert answers[3].response_txn.succeeded
    assert {kv.mod_revision for kv in await it.get_prefix(name("txn/"))} == {revision + 1}
    succeeded, answers = await it.transaction(
        compare=[do.version(two) > 7], success=[], failure=[do.get(name("txn/"), name("txn0"))])
    assert not succeeded and [value for value, _ in answers[0]] == [b"2", b"3"]
    twice = it.transaction([], [do.put(two, b"1"), do.put(two, b"2")], [])
    said = await refused(exceptions.InvalidArgumentError, twice)
    assert str(said) == "etcdserver: duplicate key given in txn request", said


@case_of
async def a_watch_tells_puts_and_deletes(it):
    one = name("watch/a")
    watch = await it.watch(one, prev_kv=True)
    for value in [b"1", b"2"]:
        await it.put(one, value)
    await it.delete(one)
    seen = []
    async for event in watch:
        seen.append((event.kind, event.kv.value, event.prev_kv and event.prev_kv.value))
        if event.kind == rtypes.EventKind.DELETE:
            await watch.cancel()
    assert seen == [("PUT", b"1", b""), ("PUT", b"2", b"1"), ("DELETE", b"", b"2")], seen


@case_of
async def a_watch_of_a_prefix_starts_in_the_past_and_filters(it):
    revision = (await it.put(name("past/a"), b"1")).header.revision
    await it.put(name("past/b"), b"2")
    await it.delete(name("past/a"))

    async def first(count, **more):
        watch, seen = await it.watch_prefix(name("past/"), start_revision=revision, **more), []
        async for event in watch:
            seen.append(event.kv.key[-1:])
            if len(seen) == count:
                await watch.cancel()
        return b"".join(seen)

    assert await first(3) == b"aba"
    assert await first(2, kind=rtypes.EventKind.PUT) == b"ab"
    assert await first(1, kind=rtypes.EventKind.DELETE, progress_notify=True) == b"a"


@case_of
async def a_watch_of_one_change_ends_with_it(it):
    async def after(waiting, value):
        task = asyncio.create_task(waiting)
        while not task.done():
            await it.put(name("once/a"), value)
            await asyncio.sleep(0.05)
        return task.result().kv.value

    assert await after(it.watch_once(name("once/a"), timeout=50), b"1") == b"1"
    assert await after(it.watch_prefix_once(name("once/"), timeout=50), b"2") == b"2"
    await refused(exceptions.WatchTimeoutError, it.watch_once(name("never"), timeout=0.3))
    await refused(exceptions.WatchTimeoutError, it.watch_prefix_once(name("never"), timeout=0.3))


@case_of
async def many_watches_share_one_stream(it):
    watches = [await it.watch(name(f"many/{number}")) for number in range(20)]
    assert len({watch.watch_id for watch in watches}) == 20

    async def one(watch):
        async for event in watch:
            await watch.cancel()
            return event.kv.value

    tasks = [asyncio.create_task(one(watch)) for watch in watches]
    await asyncio.gather(*(it.put(name(f"many/{n}"), str(n).encode()) for n in range(20)))
    assert await asyncio.gather(*tasks) == [str(n).encode() for n in range(20)]


@case_of
async def a_watch_of_what_is_compacted_says_so(it):
    await it.put(name("compacted"), b"1")
    revision = (await it.put(name("compacted"), b"2")).header.revision
    await it.compact(revision, physical=True)
    watch = await it.watch(name("compacted"), start_revision=1)

    async def first():
        async for event in watch:
            return event

    error = await refused(exceptions.RevisionCompactedError, first())
    assert error.compacted_revision == revision
    said = await refused(exceptions.ClientError, it.compact(revision - 1))
    assert str(said) == "etcdserver: mvcc: required revision has been compacted", said


@case_of
async def a_lease_holds_keys_until_it_ends(it):
    lease = await it.lease(1000)
    assert lease.ttl == 1000 == await lease.granted_ttl()
    assert 990 < await lease.remaining_ttl() <= 1000
    for letter in "ba":
        await it.put(name(f"lease/{letter}"), b"1", lease=lease)
    assert (await it.get(name("lease/a"))).lease == lease.id
    assert sorted(await lease.keys()) == [name("lease/a"), name("lease/b")]
    answer = await lease.refresh()
    assert (answer.ID, answer.TTL) == (lease.id, 1000)
    await refused(exceptions.DuplicateLeaseError, it.lease(10, lease_id=lease.id))
    await lease.revoke()
    assert not await it.get_prefix(name("lease/"))
    assert await lease.remaining_ttl() == -1 and (await lease.refresh()).TTL == 0
    said = await refused(exceptions.ClientError, it.revoke_lease(lease.id))
    assert str(said) == "etcdserver: requested lease not found", said
    short = await it.lease(12)
    await it.put(name("short"), b"1", lease=short.id)
    event = await it.watch_once(name("short"), timeout=50)
    assert event.kind == rtypes.EventKind.DELETE


@case_of
async def a_lock_excludes_and_is_handed_on(it):
    path = fresh("lock").encode()
    async with client() as other:
        one, two = it.lock(path), other.lock(path, ttl=1000)
        assert await one.acquire() and await one.is_acquired()
        assert await two.acquire(timeout=0) is False and not await two.is_acquired()
        assert (await one.refresh()).TTL == 60
        waiting = asyncio.create_task(two.acquire(timeout=50))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        assert await one.release() and await waiting
        assert await two.is_acquired() and not await one.is_acquired()
        assert await one.release() is False and await two.release() is True
    async with it.lock(path, ttl=12) as three:
        assert await three.is_acquired()
        four = it.lock(path)
        assert await four.acquire(timeout=50) and not await three.is_acquired()
        await four.release()


@case_of
async def many_lockers_take_turns(_):
    path, inside, most, done = fresh("lock").encode(), [], [], []

    async def work(number):
        async with client() as own, own.lock(path):
            inside.append(number)
            most.append(len(inside))
            await asyncio.sleep(0.02)
            inside.remove(number)
            done.append(number)

    await asyncio.gather(*(work(number) for number in range(5)))
    assert sorted(done) == list(range(5)) and max(most) == 1, (done, most)


@case_of
async def the_cluster_describes_itself(it):
    [member] = [member async for member in it.members()]
    assert member.name == "node-1" and list(member.client_urls) == [f"http://{PLAIN}"], str(member)
    status = await it.status()
    assert status.version.startswith("3.") and status.db_size > 0
    assert status.leader.id == member.id and status.raft_index > 0 and status.raft_term > 0
    await member.update(member.peer_urls)
    said = await refused(exceptions.ClientError, it.remove_member(1))
    assert str(said) == "etcdserver: member not found", said
    said = await refused(exceptions.InvalidArgumentError, it.add_member(["nonsense"]))
    assert str(said) == "etcdserver: given member URLs are invalid", said
    said = await refused(exceptions.PreconditionFailedError, it.add_member(member.peer_urls))
    assert str(said) == "etcdserver: Peer URLs already exists", said
    assert await it.hash() >= 0
    await it.defragment()


@case_of
async def an_alarm_stops_writes_until_it_is_disarmed(_):
    # On the other server: what the rest writes here must go through.
    async with client(RULED, username="root", password=MASTER) as it:
        [member] = [member async for member in it.members()]
        await it.create_alarm(member.id)
        try:
            [alarm] = [alarm async for alarm in it.list_alarms()]
            assert alarm.member_id == member.id and alarm.alarm_type == 1
            said = await refused(exceptions.ClientError, it.put(name("full"), b"1"))
            assert str(said) == "etcdserver: mvcc: database space exceeded", said
        finally:
            await it.disarm_alarm(member.id)
        assert [alarm async for alarm in it.list_alarms()] == []
        await it.put(name("full"), b"1")


@case_of
async def a_snapshot_is_a_database(it):
    await it.put(name("saved"), b"a value to look for")
    file = io.BytesIO()
    await it.snapshot(file)
    saved = file.getvalue()
    assert len(saved) % 512 == 32 and name("saved") in saved and b"a value to look for" in saved


@case_of
async def a_name_and_password_are_enough_and_none_are_not(_):
    async with client(RULED, username="root", password=MASTER) as it:
        await it.put(name("ruled"), b"1")
        revision = (await it.get(name("ruled"))).mod_revision
        event = await it.watch_once(name("ruled"), timeout=20, start_revision=revision)
        assert event.kv.value == b"1"
    async with client(RULED) as nobody:
        said = await refused(exceptions.InvalidArgumentError, nobody.get(name("ruled")))
        assert str(said) == "etcdserver: user name is empty", said
    wrong = client(RULED, username="root", password="wrong")
    said = await refused(exceptions.InvalidArgumentError, wrong.connect())
    assert str(said) == "etcdserver: authentication failed, invalid user ID or password", said
    other = client(username="root", password=MASTER)
    await refused(exceptions.PreconditionFailedError, other.connect())


@case_of
async def nothing_that_listens_is_told(_):
    closed = aetcd.Client(host="127.0.0.1", port=1, timeout=5)
    await refused(exceptions.ConnectionFailedError, closed.get(b"x"))
    await closed.close()


def nothing():
    return None


run(nothing)
