"""py-consul, a client that knows nothing of quorate, against the server at argv[1] (host:port).

Prints a line for each case, then `N passed, M failed`; exits with 1 if any failed.
"""

import base64
import sys
import threading
import time
import traceback
import uuid

import consul

HOST, PORT = sys.argv[1].rsplit(":", 1)
PREFIX = f"foreign/{uuid.uuid4()}"
CASES = []


def case(function):
    CASES.append(function)
    return function


def client():
    return consul.Consul(host=HOST, port=int(PORT))


def key(name):
    return f"{PREFIX}/{name}"


@case
def a_value_round_trips_with_its_flags(c):
    value = bytes(range(256))
    assert c.kv.put(key("bytes"), value, flags=2**64 - 1) is True
    index, entry = c.kv.get(key("bytes"))
    assert entry["Value"] == value and entry["Flags"] == 2**64 - 1
    assert int(index) == entry["ModifyIndex"] >= entry["CreateIndex"] > 1


@case
def a_missing_key_is_none_and_has_an_index(c):
    index, entry = c.kv.get(key("missing"))
    assert entry is None and int(index) >= 1


@case
def compare_and_set_needs_the_current_index(c):
    assert c.kv.put(key("cas"), "1", cas=0) is True
    assert c.kv.put(key("cas"), "2", cas=0) is False
    _, entry = c.kv.get(key("cas"))
    assert c.kv.put(key("cas"), "2", cas=entry["ModifyIndex"]) is True
    assert c.kv.delete(key("cas"), cas=entry["ModifyIndex"]) is False
    _, entry = c.kv.get(key("cas"))
    assert entry["Value"] == b"2"
    assert c.kv.delete(key("cas"), cas=entry["ModifyIndex"]) is True


@case
def a_tree_is_listed_in_order_and_deleted_whole(c):
    for name in ("tree/b", "tree/a/2", "tree/a/1", "trees"):
        assert c.kv.put(key(name), name)
    _, entries = c.kv.get(key("tree/"), recurse=True)
    assert [e["Key"] for e in entries] == [key("tree/a/1"), key("tree/a/2"), key("tree/b")]
    _, keys = c.kv.get(key("tree/"), keys=True, separator="/")
    assert keys == [key("tree/a/"), key("tree/b")]
    assert c.kv.delete(key("tree/"), recurse=True) is True
    _, entries = c.kv.get(key("tree"), recurse=True)
    assert [e["Key"] for e in entries] == [key("trees")]


@case
def a_blocking_read_returns_when_its_key_is_written(c):
    c.kv.put(key("watched"), "old")
    index, _ = c.kv.get(key("watched"))
    timer = threading.Timer(0.3, lambda: client().kv.put(key("watched"), "new"))
    timer.start()
    start = time.monotonic()
    after, entry = c.kv.get(key("watched"), index=index, wait="20s")
    assert entry["Value"] == b"new" and int(after) > int(index)
    assert 0.2 < time.monotonic() - start < 10
    timer.join()


@case
def a_blocking_read_is_not_woken_by_other_keys(c):
    c.kv.put(key("quiet"), "same")
    index, _ = c.kv.get(key("quiet"))
    timer = threading.Timer(0.2, lambda: client().kv.put(key("loud"), "x"))
    timer.start()
    start = time.monotonic()
    after, entry = c.kv.get(key("quiet"), index=index, wait="1s")
    assert time.monotonic() - start >= 0.95, "woken early"
    assert after == index and entry["Value"] == b"same"
    timer.join()


@case
def a_blocking_read_of_a_prefix_sees_a_deletion(c):
    c.kv.put(key("dir/a"), "1")
    c.kv.put(key("dir/b"), "2")
    index, _ = c.kv.get(key("dir/"), recurse=True)
    timer = threading.Timer(0.2, lambda: client().kv.delete(key("dir/a")))
    timer.start()
    after, entries = c.kv.get(key("dir/"), recurse=True, index=index, wait="20s")
    assert [e["Key"] for e in entries] == [key("dir/b")] and int(after) > int(index)
    timer.join()


@case
def sessions_are_created_shown_renewed_and_destroyed(c):
    session = c.session.create(name="py", ttl=20, behavior="delete", lock_delay=1)
    _, info = c.session.info(session)
    assert (info["Name"], info["TTL"], info["Behavior"]) == ("py", "20s", "delete"), info
    assert info["LockDelay"] == 1_000_000_000
    assert session in [s["ID"] for s in c.session.list()[1]]
    assert session in [s["ID"] for s in c.session.node(info["Node"])[1]]
    assert c.session.renew(session)["ID"] == session
    assert c.session.destroy(session) is True
    assert c.session.info(session)[1] is None
    try:
        c.session.renew(session)
    except consul.NotFound:
        return
    raise AssertionError("renewed a session that is gone")


@case
def a_lock_excludes_and_passes_on(c):
    first, second = c.session.create(lock_delay=0), c.session.create(lock_delay=0)
    assert c.kv.put(key("lock"), "one", acquire=first) is True
    assert c.kv.put(key("lock"), "two", acquire=second) is False
    _, entry = c.kv.get(key("lock"))
    assert (entry["Session"], entry["Value"], entry["LockIndex"]) == (first, b"one", 1)
    assert c.kv.put(key("lock"), "", release=first) is True
    assert c.kv.put(key("lock"), "two", acquire=second) is True
    _, entry = c.kv.get(key("lock"))
    assert (entry["Session"], entry["LockIndex"]) == (second, 2)
    assert c.session.destroy(second) is True
    _, entry = c.kv.get(key("lock"))
    assert "Session" not in entry


@case
def a_transaction_is_all_or_nothing(c):
    def operation(verb, name, **more):
        return {"KV": {"Verb": verb, "Key": key(name), **more}}

    value = base64.b64encode(b"v").decode()
    result = c.txn.put([operation("set", "txn/a", Value=value), operation("get", "txn/a")])
    assert [r["KV"]["Key"] for r in result["Results"]] == [key("txn/a")] * 2
    try:
        c.txn.put([operation("set", "txn/b", Value=value), operation("get", "txn/none")])
    except consul.ConsulException as error:
        assert "doesn't exist" in str(error) or "409" in str(error), error
    assert c.kv.get(key("txn/b"))[1] is None


@case
def the_status_names_a_leader(c):
    leader = c.status.leader()
    assert leader and leader in c.status.peers()


@case
def the_catalog_and_the_agent_know_the_node(c):
    name = c.agent.self()["Config"]["NodeName"]
    _, nodes = c.catalog.nodes()
    assert name in [node["Node"] for node in nodes]
    _, checks = c.health.node(name)
    states = {check["CheckID"]: check["Status"] for check in checks}
    assert states["serfHealth"] == "passing", states


def main():
    passed = failed = 0
    for function in CASES:
        try:
            function(client())
            passed += 1
            print(f"ok      {function.__name__}")
        except Exception:  # every failure is reported, and counted
            failed += 1
            print(f"FAILED  {function.__name__}")
            traceback.print_exc()
    client().kv.delete(PREFIX, recurse=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
