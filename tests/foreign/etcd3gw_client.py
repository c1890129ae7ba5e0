"""etcd3gw 2.7.0, a client of the v3 API as JSON, through all of its methods."""

import base64
import threading
import time

import etcd3gw
from etcd3gw import exceptions

from suite import (MASTER, PLAIN, RULED, address, case, eventually, fresh, key, meanwhile, raises,
                   run)


def client(text=PLAIN, **more):
    return etcd3gw.client(**address(text), timeout=50, **more)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def refused(function):
    """Calls what the server refuses, and gives the text."""
    return raises(exceptions.Etcd3Exception, function).detail_text


@case
def a_value_is_put_got_and_deleted(it):
    name = key("value")
    assert it.get(name) == []
    assert it.put(name, "1") is True
    [(value, about)] = it.get(name, metadata=True)
    assert value == b"1" and about["key"] == name.encode() and about["version"] == "1", about
    assert about["create_revision"] == about["mod_revision"] and "lease" not in about
    it.put(name, b"\x00\xff")
    assert it.get(name, serializable=True) == [b"\x00\xff"]
    assert it.get(name, revision=int(about["mod_revision"])) == [b"1"]
    assert it.delete(name) is True and it.delete(name) is False
    assert it.create(name, "1") is True and it.create(name, "2") is False
    assert it.replace(name, "x", "2") is False and it.replace(name, "1", "2") is True
    assert it.get(name) == [b"2"]


@case
def ranges_are_read_in_each_order(it):
    for number, letter in enumerate("bac"):
        it.put(key(f"range/{letter}"), str(9 - number))
    it.put(key("range/a"), "8")

    def letters(**more):
        return "".join(about["key"].decode()[-1] for _, about in it.get_prefix(key("range/"), **more))

    assert letters() == "abc" and letters(sort_order="descend", sort_target="key") == "cba"
    for target, order in [("value", "cab"), ("create", "bac"), ("mod", "bca"), ("version", "bca")]:
        assert letters(sort_order="ascend", sort_target=target) == order, target
    end = key("range0")
    assert it.get(key("range/"), range_end=end, limit=2) == [b"8", b"9"]
    assert it.get(key("range/"), range_end=end, keys_only=True) == [b"", b"", b""]
    assert it.get(key("range/"), range_end=end, count_only=True) == []
    revision = int(it.get(key("range/c"), metadata=True)[0][1]["mod_revision"])
    assert it.get(key("range/"), range_end=end, min_mod_revision=revision) == [b"8", b"7"]
    assert it.get(key("range/"), range_end=end, max_mod_revision=revision) == [b"9", b"7"]
    assert it.get(key("range/"), range_end=end, min_create_revision=revision) == [b"7"]
    assert it.get(key("range/"), range_end=end, max_create_revision=revision - 1) == [b"8", b"9"]
    assert len(it.get_all()) >= 3
    assert it.delete(key("range/a"), range_end=key("range/b"), prev_kv=True)
    assert it.delete_prefix(key("range/")) is True and letters() == ""


@case
def a_transaction_does_one_of_two_lists(it):
    one, two = encoded(key("txn/1")), encoded(key("txn/2"))
    answer = it.transaction({
        "compare": [{"key": one, "target": "VERSION", "result": "EQUAL", "version": 0}],
        "success": [{"request_put": {"key": one, "value": encoded("1")}},
                    {"request_range": {"key": one}},
                    {"requestTxn": {"success": [{"requestPut": {"key": two, "value": one}}]}}],
        "failure": [],
    })
    assert answer["succeeded"] is True
    _, got, nested = answer["responses"]
    assert got["response_range"]["kvs"][0]["value"] == encoded("1"), answer
    assert nested["response_txn"]["succeeded"] is True, answer
    answer = it.transaction({
        "compare": [{"key": one, "target": "CREATE", "result": "GREATER",
                     "create_revision": answer["header"]["revision"]}],
        "failure": [{"request_delete_range": {"key": one, "prev_kv": True}}],
    })
    assert "succeeded" not in answer
    [gone] = answer["responses"]
    assert gone["response_delete_range"]["deleted"] == "1"
    assert gone["response_delete_range"]["prev_kvs"][0]["value"] == encoded("1")
    twice = {"request_put": {"key": one, "value": one}}
    said = refused(lambda: it.transaction({"success": [twice, twice]}))
    assert "etcdserver: duplicate key given in txn request" in said, said


@case
def a_watch_tells_puts_and_deletes(it):
    name = key("watch/a")
    events, cancel = it.watch(name, prev_kv=True)
    it.put(name, "1")
    it.put(name, "2")
    it.delete(name)
    first, second, third = (next(events) for _ in range(3))
    assert first["kv"]["value"] == b"1" and "type" not in first and "prev_kv" not in first, first
    assert second["kv"]["version"] == "2" and second["prev_kv"]["value"] == encoded("1"), second
    assert third["type"] == "DELETE" and third["kv"]["key"] == name.encode(), third
    cancel()


@case
def a_watch_starts_in_the_past_and_filters(it):
    it.put(key("past/a"), "1")
    revision = int(it.get(key("past/a"), metadata=True)[0][1]["mod_revision"])
    it.put(key("past/b"), "2")
    it.delete(key("past/a"))

    def first(count, **more):
        events, cancel = it.watch_prefix(key("past/"), start_revision=revision, **more)
        seen = [next(events)["kv"]["key"].decode()[-1] for _ in range(count)]
        cancel()
        return "".join(seen)

    assert first(3) == "aba" and first(3, progress_notify=True) == "aba"
    assert first(2, filters=["NODELETE"]) == "ab" and first(1, filters=["NOPUT"]) == "a"


@case
def a_watch_of_one_change_ends_with_it(it):
    with meanwhile(lambda: client().put(key("once/a"), "1")):
        assert it.watch_once(key("once/a"), timeout=50)["kv"]["value"] == b"1"
    raises(exceptions.WatchTimedOut, lambda: it.watch_once(key("never"), timeout=0.3))
    # It encodes the end of the range twice, and so watches up to something else.
    raises(exceptions.WatchTimedOut, lambda: it.watch_prefix_once(key("never"), timeout=0.3))


@case
def a_lease_holds_keys_until_it_ends(it):
    lease = it.lease(ttl=1000)
    assert 990 < lease.ttl() <= 1000
    for name in "ba":
        it.put(key(f"lease/{name}"), "1", lease=lease)
    assert it.create(key("lease/c"), "1", lease=lease) is True
    assert it.get(key("lease/a"), metadata=True)[0][1]["lease"] == str(lease.id)
    assert sorted(lease.keys()) == [key(f"lease/{name}").encode() for name in "abc"]
    assert lease.refresh() == 1000
    assert lease.revoke() is True
    assert it.get_prefix(key("lease/")) == [] and lease.ttl() == -1 and lease.refresh() == -1
    said = refused(lease.revoke)
    assert "etcdserver: requested lease not found" in said, said
    short = it.lease(ttl=12)
    it.put(key("short"), "1", lease=short)
    eventually("it ends", lambda: it.get(key("short")) == [])


@case
def a_lock_excludes(it):
    name = fresh("lock")
    one, two = it.lock(name, ttl=1000), client().lock(name)
    assert one.acquire() is True and one.is_acquired()
    assert two.acquire() is False and not two.is_acquired() and two.release() is False
    assert one.refresh() == 1000
    assert one.release() is True and two.acquire() is True
    assert two.release() is True
    with it.lock(name) as three:
        assert three.is_acquired()
    assert not three.is_acquired()
    raises(exceptions.Etcd3Exception, it.lock(fresh("lock")).refresh)
    assert it.lock().acquire() is True


@case
def many_lockers_take_turns(_):
    name, inside, most, done = fresh("lock"), [], [], []

    def work(number):
        lock = client().lock(name)
        eventually("the lock", lock.acquire)
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.02)
        inside.remove(number)
        done.append(number)
        lock.release()

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(5)) and max(most) == 1, (done, most)


@case
def the_cluster_describes_itself(it):
    [member] = it.members()
    assert member["name"] == "node-1" and member["clientURLs"] == [f"http://{PLAIN}"], member
    status = it.status()
    assert status["leader"] == member["ID"] == status["header"]["member_id"], status
    assert status["version"].startswith("3.") and int(status["dbSize"]) > 0, status
    assert int(status["raftIndex"]) > 0 and int(status["raftTerm"]) > 0, status
    assert it.api_path == "/v3/"


@case
def a_token_is_enough_and_none_is_not(_):
    nobody = client(RULED)
    said = refused(lambda: nobody.get(key("ruled")))
    assert "etcdserver: user name is empty" in said, said
    # It has no option for a token: its session has headers.
    it = client(RULED)
    answer = it.post(it.get_url("/auth/authenticate"), json={"name": "root", "password": MASTER})
    it.session.headers["Authorization"] = answer["token"]
    it.put(key("ruled"), "1")
    assert it.get(key("ruled")) == [b"1"]
    revision = int(it.get(key("ruled"), metadata=True)[0][1]["mod_revision"])
    assert it.watch_once(key("ruled"), timeout=20, start_revision=revision)["kv"]["value"] == b"1"
    it.session.headers["Authorization"] = "nobody.1"
    said = refused(lambda: it.get(key("ruled")))
    assert "etcdserver: invalid auth token" in said, said


@case
def other_paths_are_those_of_older_servers_and_refused(_):
    said = refused(lambda: client(api_path="/v3alpha/").get("x"))
    assert "404" in said or "Not Found" in said or "not found" in said, said
    raises(exceptions.ConnectionFailedError,
           lambda: etcd3gw.client(host="127.0.0.1", port=1).get("x"))


run(client)
