"""etcd3 0.12.0 through all of its methods. It has none that manage users."""

import io
import threading
import time

import etcd3
import grpc
from etcd3 import exceptions

from suite import (MASTER, PLAIN, RULED, address, case, eventually, fresh, key, later, meanwhile, raises,
                   run)


def client(text=PLAIN, **more):
    return etcd3.client(**address(text), timeout=50, **more)


def root():
    """A client of the other server, with its name and password."""
    it = client(RULED, user="root", password=MASTER)
    # grpcio gives these to no server without TLS any more. The token goes as metadata too.
    it.call_credentials = it.watcher._credentials = None
    return it


def refused(code, function):
    """Calls what the server refuses with this status, and gives the text."""
    error = raises(grpc.RpcError, function)
    assert error.code() == code, error
    return error.details()


def compacted(it):
    """Compacts everything up to a revision that has just been written, and gives that."""
    it.put(key("compact"), "1")
    revision = it.get(key("compact"))[1].mod_revision
    it.compact(revision, physical=True)
    return revision


@case
def a_value_is_put_got_and_deleted(it):
    name = key("value")
    assert it.get(name) == (None, None)
    made = it.put(name, "1").header.revision
    value, about = it.get(name)
    assert value == b"1" and about.key == name.encode(), (value, about)
    assert (about.create_revision, about.mod_revision, about.version) == (made, made, 1)
    assert about.lease_id == 0 and about.response_header.revision >= made
    assert it.put(name, b"\x00\xff", prev_kv=True).prev_kv.value == b"1"
    assert it.get(name, serializable=True)[0] == b"\x00\xff"
    assert it.get_response(name).count == 1
    assert it.delete(name) is True and it.delete(name) is False
    it.put(name, "")
    assert it.get(name)[0] == b""
    gone = it.delete(name, prev_kv=True, return_response=True)
    assert gone.deleted == 1 and gone.prev_kvs[0].key == name.encode()


@case
def ranges_are_read_in_each_order(it):
    for number, letter in enumerate("bac"):
        it.put(key(f"range/{letter}"), str(9 - number))
    it.put(key("range/a"), "8")

    def letters(**more):
        return "".join(about.key.decode()[-1] for _, about in it.get_prefix(key("range/"), **more))

    assert letters() == "abc" and letters(sort_order="descend") == "cba"
    for target, order in [("value", "cab"), ("create", "bac"), ("mod", "bca"), ("version", "bca")]:
        assert letters(sort_order="ascend", sort_target=target) == order, target
    assert [value for value, _ in it.get_prefix(key("range/"), keys_only=True)] == [b""] * 3
    both = it.get_range(key("range/a"), key("range/c"))
    assert [value for value, _ in both] == [b"8", b"9"]
    assert it.get_prefix_response(key("range/")).count == 3
    assert it.get_range_response(key("range/a"), key("range/b")).count == 1
    assert len(list(it.get_all())) >= 3 and it.get_all_response(keys_only=True).count >= 3
    assert it.delete_prefix(key("range/")).deleted == 3
    assert letters() == ""
    raises(ValueError, lambda: letters(sort_order="sideways"))


@case
def a_value_is_put_or_replaced_on_a_condition(it):
    name = key("condition")
    assert it.put_if_not_exists(name, "1") is True
    assert it.put_if_not_exists(name, "2") is False
    assert it.replace(name, "other", "2") is False
    assert it.replace(name, "1", "2") is True
    assert it.get(name)[0] == b"2"


@case
def a_transaction_does_one_of_two_lists(it):
    one, two = key("txn/1"), key("txn/2")
    compare, do = it.transactions, it.transactions
    it.put(one, "1")
    revision = it.get(one)[1].mod_revision
    conditions = [
        compare.value(one) == "1", compare.value(one) != "x", compare.value(one) > "0",
        compare.value(one) < "2", compare.version(one) > 0, compare.version(two) == 0,
        compare.create(one) == revision, compare.mod(one) < revision + 1,
    ]
    succeeded, answers = it.transaction(
        compare=conditions,
        success=[
            do.put(two, "2", prev_kv=True), do.get(two), do.delete(one, prev_kv=True),
            # Compared before anything of the whole is done.
            do.txn([compare.create(one) == revision], [do.put(key("txn/3"), "3")], []),
        ],
        failure=[do.get(one)],
    )
    put, got, deleted, nested = answers
    assert succeeded and got[0][0] == b"2", answers
    assert deleted.response_delete_range.deleted == 1
    assert deleted.response_delete_range.prev_kvs[0].value == b"1"
    assert nested.response_txn.succeeded and not put.response_put.prev_kv.key
    # All of it has one revision.
    assert {about.mod_revision for _, about in it.get_prefix(key("txn/"))} == {revision + 1}
    succeeded, answers = it.transaction(
        compare=[compare.version(two) == 7], success=[], failure=[do.get(key("txn/"), key("txn0"))])
    assert not succeeded and [value for value, _ in answers[0]] == [b"2", b"3"]
    twice = [do.put(two, "1"), do.put(two, "2")]
    said = refused(grpc.StatusCode.INVALID_ARGUMENT, lambda: it.transaction([], twice, []))
    assert said == "etcdserver: duplicate key given in txn request", said


@case
def a_watch_tells_puts_and_deletes(it):
    name = key("watch/a")
    events, cancel = it.watch(name, prev_kv=True)
    it.put(name, "1")
    it.put(name, "2")
    it.delete(name)
    first, second, third = (next(events) for _ in range(3))
    assert isinstance(first, etcd3.events.PutEvent) and first.value == b"1" and first.version == 1
    assert (second.value, second.prev_value) == (b"2", b"1") and second.key == name.encode()
    assert isinstance(third, etcd3.events.DeleteEvent) and third.prev_value == b"2"
    assert third.mod_revision == first.mod_revision + 2
    cancel()
    it.put(name, "3")
    assert list(events) == []


@case
def a_watch_of_a_prefix_starts_in_the_past(it):
    revision = it.put(key("past/a"), "1").header.revision
    it.put(key("past/b"), "2")
    it.delete(key("past/a"))
    events, cancel = it.watch_prefix(key("past/"), start_revision=revision)
    assert [next(events).key[-1:] for _ in range(3)] == [b"a", b"b", b"a"]
    cancel()
    # Its filters never worked: they are assigned to a field that can only be extended.
    only = [etcd3.etcdrpc.WatchCreateRequest.NOPUT]
    raises(AttributeError, lambda: it.watch_prefix(key("past/"), filters=only))
    answers, cancel = it.watch_prefix_response(key("past/"), start_revision=revision)
    answer = next(answers)
    assert len(answer.events) == 3 and answer.header.revision >= revision + 2
    cancel()
    answers, cancel = it.watch_response(key("past/b"), start_revision=revision)
    assert [event.value for event in next(answers).events] == [b"2"]
    cancel()


@case
def a_watch_of_one_change_ends_with_it(it):
    name = key("once/a")
    with meanwhile(lambda: client().put(name, "1")):
        assert it.watch_once(name, timeout=50).value == b"1"
    with meanwhile(lambda: client().put(name, "2")):
        assert it.watch_prefix_once(key("once/"), timeout=50).value == b"2"
    with meanwhile(lambda: client().put(name, "3")):
        assert it.watch_once_response(name, timeout=50).events[0].value == b"3"
    with meanwhile(lambda: client().put(name, "4")):
        assert it.watch_prefix_once_response(key("once/"), timeout=50).events[0].value == b"4"
    raises(exceptions.WatchTimedOut, lambda: it.watch_once(key("never"), timeout=0.3))
    raises(exceptions.WatchTimedOut, lambda: it.watch_prefix_once(key("never"), timeout=0.3))


@case
def many_watches_share_one_stream(it):
    seen = {number: [] for number in range(20)}
    watches = []
    for number in seen:
        name = key(f"many/{number}")
        watches.append(it.add_watch_callback(name, lambda answer, n=number: seen[n].append(answer)))
    assert len(set(watches)) == 20
    extra = []
    prefix = it.add_watch_prefix_callback(key("many/"), extra.append)
    for number in seen:
        it.put(key(f"many/{number}"), str(number))
    eventually("every one has its own", lambda: all(len(told) == 1 for told in seen.values()))
    eventually("one has all", lambda: sum(len(told.events) for told in extra) == 20)
    for number, [told] in seen.items():
        assert [event.value for event in told.events] == [str(number).encode()]
    for watch in [*watches, prefix]:
        it.cancel_watch(watch)


@case
def a_watch_of_what_is_compacted_says_so(it):
    it.put(key("compacted"), "1")
    revision = compacted(it)
    events, cancel = it.watch(key("compacted"), start_revision=1)
    error = raises(exceptions.RevisionCompactedError, lambda: next(events))
    assert error.compacted_revision == revision
    cancel()
    said = refused(grpc.StatusCode.OUT_OF_RANGE, lambda: it.compact(revision - 1))
    assert said == "etcdserver: mvcc: required revision has been compacted", said
    said = refused(grpc.StatusCode.OUT_OF_RANGE, lambda: it.compact(revision + 1_000_000))
    assert said == "etcdserver: mvcc: required revision is a future revision", said


@case
def a_lease_holds_keys_until_it_ends(it):
    lease = it.lease(1000)
    assert lease.ttl == 1000 == lease.granted_ttl and 990 < lease.remaining_ttl <= 1000
    for name in ["b", "a"]:
        it.put(key(f"lease/{name}"), "1", lease=lease)
    assert it.get(key("lease/a"))[1].lease_id == lease.id
    assert sorted(lease.keys) == [key("lease/a").encode(), key("lease/b").encode()]
    [answer] = lease.refresh()
    assert (answer.ID, answer.TTL) == (lease.id, 1000)
    assert it.get_lease_info(lease.id).grantedTTL == 1000
    raises(exceptions.PreconditionFailedError, lambda: it.lease(10, lease_id=lease.id))
    lease.revoke()
    assert list(it.get_prefix(key("lease/"))) == []
    assert lease.remaining_ttl == -1 and lease.refresh()[0].TTL == 0
    gone = refused(grpc.StatusCode.NOT_FOUND, lambda: it.revoke_lease(lease.id))
    assert gone == "etcdserver: requested lease not found", gone
    refused(grpc.StatusCode.NOT_FOUND, lambda: it.put(key("lease/c"), "1", lease=lease.id))
    chosen = it.lease(1000, lease_id=0x7EAD_BEEF)
    assert chosen.id == 0x7EAD_BEEF
    chosen.revoke()


@case
def a_lease_that_nobody_renews_ends(it):
    lease = it.lease(12)
    it.put(key("short"), "1", lease=lease)
    events, cancel = it.watch(key("short"))
    begun = time.monotonic()
    lease.refresh()
    assert isinstance(next(events), etcd3.events.DeleteEvent)
    assert time.monotonic() - begun > 11.8
    cancel()


@case
def a_lock_excludes_and_is_handed_on(it):
    name = fresh("lock")
    one, two = it.lock(name), client().lock(name, ttl=1000)
    assert one.acquire() and one.is_acquired()
    assert two.acquire(timeout=0) is False and not two.is_acquired()
    assert one.refresh()[0].TTL == 60
    timer = later(one.release)
    assert two.acquire(timeout=50) and two.is_acquired() and not one.is_acquired()
    timer.join()
    assert one.release() is False and two.release() is True
    with it.lock(name) as three:
        assert three.is_acquired()
    assert not three.is_acquired()
    raises(ValueError, it.lock(name).refresh)


@case
def many_lockers_take_turns(_):
    name, inside, most, done = fresh("lock"), [], [], []

    def work(number):
        with client().lock(name) as lock:
            assert lock.is_acquired()
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(number)
            done.append(number)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(5)) and max(most) == 1, (done, most)


@case
def a_lock_whose_lease_ends_goes_to_another(it):
    name = fresh("lock")
    one, two = it.lock(name, ttl=2), client().lock(name)
    assert one.acquire()
    assert two.acquire(timeout=50)
    assert two.is_acquired() and not one.is_acquired()
    two.release()


@case
def the_cluster_describes_itself(it):
    [member] = it.members
    assert member.name == "node-1" and list(member.client_urls) == [f"http://{PLAIN}"], str(member)
    assert len(member.peer_urls) == 1 and member.id and str(member).startswith("Member ")
    status = it.status()
    assert status.version.startswith("3.") and status.db_size > 0
    assert status.leader.id == member.id and status.raft_index > 0 and status.raft_term > 0
    assert list(member.active_alarms) == []
    member.update(member.peer_urls)
    refused(grpc.StatusCode.NOT_FOUND, lambda: it.remove_member(1))
    refused(grpc.StatusCode.NOT_FOUND, lambda: it.update_member(1, ["http://127.0.0.1:1"]))
    refused(grpc.StatusCode.INVALID_ARGUMENT, lambda: it.add_member(["nonsense"]))
    raises(exceptions.PreconditionFailedError, lambda: it.add_member(member.peer_urls))
    assert it.hash() >= 0
    it.defragment()


@case
def an_alarm_stops_writes_until_it_is_disarmed(_):
    # On the other server: what the rest writes here must go through.
    it = root()
    assert list(it.list_alarms()) == []
    [alarm] = it.create_alarm()
    try:
        [listed] = it.list_alarms()
        # Without a member it is that of none.
        assert listed.member_id == alarm.member_id == 0 and listed.alarm_type == 1
        said = refused(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: it.put(key("full"), "1"))
        assert said == "etcdserver: mvcc: database space exceeded", said
        assert it.get(key("full")) == (None, None)
    finally:
        it.disarm_alarm()
    assert list(it.list_alarms()) == []
    it.put(key("full"), "1")


@case
def a_snapshot_is_a_database(it):
    it.put(key("saved"), "a value to look for")
    file = io.BytesIO()
    it.snapshot(file)
    saved = file.getvalue()
    # bbolt: pages of the system's size, its mark in the first, and a checksum at the end.
    assert saved[16:20] == b"\xed\xda\x0c\xed" and len(saved) % 512 == 32, (saved[:32], len(saved))
    assert key("saved").encode() in saved and b"a value to look for" in saved


@case
def a_name_and_password_are_enough_and_none_are_not(_):
    it = root()
    it.put(key("ruled"), "1")
    assert it.get(key("ruled"))[0] == b"1"
    events, cancel = it.watch(key("ruled"))
    it.put(key("ruled"), "2")
    assert next(events).value == b"2"
    cancel()
    nobody = client(RULED)
    said = refused(grpc.StatusCode.INVALID_ARGUMENT, lambda: nobody.get(key("ruled")))
    assert said == "etcdserver: user name is empty", said
    said = refused(grpc.StatusCode.INVALID_ARGUMENT,
                   lambda: client(RULED, user="root", password="wrong"))
    assert said == "etcdserver: authentication failed, invalid user ID or password", said
    said = refused(grpc.StatusCode.FAILED_PRECONDITION,
                   lambda: client(user="root", password=MASTER))
    assert said == "etcdserver: authentication is not enabled", said
    raises(Exception, lambda: client(user="root"))


@case
def nothing_that_listens_is_told(_):
    closed = etcd3.client(host="127.0.0.1", port=1, timeout=5)
    raises(exceptions.ConnectionFailedError, lambda: closed.get("x"))
    closed.close()
    with client() as it:
        it.put(key("with"), "1")


run(client)
