"""python-etcd 0.4.5 through all of its methods. Its elections are gone: `election` raises."""

import threading
import time

import etcd
from etcd.auth import Auth, EtcdRole, EtcdUser

from suite import (MASTER, PLAIN, RULED, address, case, eventually, fresh, key, later, meanwhile, raises,
                   run)


def name(text):
    return "/" + key(text)


def client(**more):
    return etcd.Client(**address(PLAIN), **more)


@case
def a_value_is_written_read_and_deleted(it):
    made = it.write(name("f"), "1")
    assert made.newKey and made.action == "set" and made.key == name("f")
    assert made.etcd_index == made.modifiedIndex and made.raft_index > 0
    again = it.set(name("f"), "2")
    assert not again.newKey and again._prev_node.value == "1"
    assert it.get(name("f")).value == "2" and it.read(name("f"), quorum=True).value == "2"
    assert name("f") in it and name("nothing") not in it
    assert it.delete(name("f")).action == "delete"
    raises(etcd.EtcdKeyNotFound, lambda: it.get(name("f")))
    it.write(name("f"), "\u00e9 +&=;%")
    assert it.pop(name("f")).value == "\u00e9 +&=;%"
    raises(etcd.EtcdKeyNotFound, lambda: it.delete(name("f")))


@case
def writes_are_made_on_conditions(it):
    made = it.write(name("f"), "1", prevExist=False)
    raises(etcd.EtcdAlreadyExist, lambda: it.write(name("f"), "1", prevExist=False))
    raises(etcd.EtcdCompareFailed, lambda: it.write(name("f"), "2", prevValue="x"))
    raises(etcd.EtcdCompareFailed, lambda: it.write(name("f"), "2", prevIndex=1))
    both = it.write(name("f"), "2", prevValue="1", prevIndex=made.modifiedIndex)
    assert both.action == "compareAndSwap"
    assert it.write(name("f"), "3", prevExist=True).action == "update"
    assert it.test_and_set(name("f"), "4", "3").value == "4"
    raises(etcd.EtcdCompareFailed, lambda: it.test_and_set(name("f"), "5", "3", ttl=9))
    raises(etcd.EtcdKeyNotFound, lambda: it.write(name("g"), "1", prevExist=True))
    raises(etcd.EtcdCompareFailed, lambda: it.delete(name("f"), prevValue="x"))
    assert it.delete(name("f"), prevValue="4").action == "compareAndDelete"


@case
def an_object_is_updated(it):
    it.write(name("f"), "1")
    node = it.read(name("f"))
    node.value = "2"
    assert it.update(node).value == "2"
    node.value = "3"
    stale = it.read(name("f"))
    it.write(name("f"), "other")
    raises(etcd.EtcdCompareFailed, lambda: it.update(stale))


@case
def an_object_of_a_directory_is_updated(it):
    # etcd 3.5 has no way to change a directory.
    if it.version.startswith("3.5"):
        return
    it.write(name("d"), None, dir=True)
    node = it.read(name("d"))
    node.ttl = 1000
    assert it.update(node).ttl > 900


@case
def a_ttl_ends_and_is_refreshed(it):
    assert 900 < it.write(name("f"), "1", ttl=1000).ttl <= 1000
    refreshed = it.refresh(name("f"), 500)
    assert refreshed.value == "1" and 400 < refreshed.ttl <= 500
    assert refreshed.action == "update"
    it.write(name("f"), "1", ttl=1)
    eventually("it expires", lambda: name("f") not in it)
    raises(etcd.EtcdKeyNotFound, lambda: it.refresh(name("f"), 5))


@case
def directories_are_walked(it):
    for child in ["b", "a", "s/c", "s/d"]:
        it.write(name("d/" + child), child)
    it.write(name("d/e"), None, dir=True)
    tree = it.read(name("d"), recursive=True, sorted=True)
    assert tree.dir and [n.value for n in tree.leaves] == ["a", "b", None, "s/c", "s/d"]
    assert len(list(tree.children)) == 5
    assert [n.key for n in tree.get_subtree()][0] == name("d")
    raises(etcd.EtcdNotFile, lambda: it.delete(name("d")))
    raises(etcd.EtcdDirNotEmpty, lambda: it.delete(name("d"), dir=True))
    raises(etcd.EtcdNotFile, lambda: it.write(name("d"), "x"))
    raises(etcd.EtcdNotDir, lambda: it.write(name("d/a/x"), "x"))
    assert it.delete(name("d"), recursive=True).dir
    raises(etcd.EtcdRootReadOnly, lambda: it.write("/", "x"))


@case
def keys_are_appended_in_order(it):
    made = [it.write(name("q"), n, append=True).key for n in "cab"]
    assert made == sorted(made) and all(len(k.rsplit("/", 1)[1]) == 20 for k in made)
    listed = it.read(name("q"), recursive=True, sorted=True)
    assert [n.value for n in listed.leaves] == ["c", "a", "b"]


@case
def a_watch_waits_and_goes_back(it):
    index = it.write(name("f"), "1").modifiedIndex
    with meanwhile(lambda: client().write(name("f"), "2")):
        assert it.watch(name("f"), timeout=50).value == "2"
    assert it.watch(name("f"), index=index).value == "1"
    assert it.watch(name("f"), index=index + 1).value == "2"
    raises(etcd.EtcdWatchTimedOut, lambda: it.watch(name("f"), timeout=0.5))
    with meanwhile(lambda: client().write(name("d/x/y"), "3")):
        assert it.watch(name("d"), recursive=True, timeout=50).key == name("d/x/y")


@case
def an_eternal_watch_tells_every_change(it):
    index = it.write(name("f"), "0").modifiedIndex
    seen = []

    def follow():
        for event in client().eternal_watch(name("f"), index=index + 1):
            seen.append(event.value)
            if event.value == "9":
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    for value in range(1, 10):
        it.write(name("f"), str(value))
    thread.join(20)
    assert seen == [str(value) for value in range(1, 10)], seen


@case
def a_history_that_is_gone_is_told(it):
    index = it.write(name("old"), "1").modifiedIndex
    for _ in range(1005):
        it.write(name("noise"), "1")
    raises(etcd.EtcdEventIndexCleared, lambda: it.watch(name("old"), index=index))


@case
def the_cluster_describes_itself(it):
    assert it.machines == [f"http://{PLAIN}"], it.machines
    [member] = it.members.values()
    assert member["clientURLs"] == [f"http://{PLAIN}"]
    assert it.leader["id"] == member["id"] == it.stats["leaderInfo"]["leader"]
    assert it.leader_stats["followers"] == {}
    before = it.store_stats["setsSuccess"]
    it.write(name("f"), "1")
    assert it.store_stats["setsSuccess"] > before
    assert it.version.count(".") == 2 and it.cluster_version.count(".") == 2
    assert it.key_endpoint == "/v2/keys" and it.base_uri == f"http://{PLAIN}"
    assert (it.protocol, it.read_timeout, it.allow_redirect) == ("http", 60, True)
    assert it.host == address(PLAIN)["host"] and it.port == address(PLAIN)["port"]


@case
def other_hosts_are_learnt_and_asked(_):
    host, port = address(PLAIN).values()
    it = etcd.Client(host=(("127.0.0.1", 1), (host, port)), allow_reconnect=True)
    assert it.write(name("f"), "1").value == "1"
    raises(etcd.EtcdException,
           lambda: etcd.Client(host=((host, port), (host, port)), allow_reconnect=False))
    raises(etcd.EtcdConnectionFailed, lambda: etcd.Client(host="127.0.0.1", port=1).get("/x"))


@case
def another_cluster_is_noticed(_):
    it = client(expected_cluster_id="0")
    raises(etcd.EtcdClusterIdChanged, lambda: it.write(name("f"), "1"))
    own = client()
    own.write(name("f"), "1")
    assert client(expected_cluster_id=own.expected_cluster_id).get(name("f")).value == "1"


@case
def errors_have_their_classes(it):
    it.write(name("f"), "1")
    for kind, call in [
        (etcd.EtcdKeyNotFound, lambda: it.get(name("nothing"))),
        (etcd.EtcdNotDir, lambda: it.get(name("f/below"))),
        (etcd.EtcdValueError, lambda: it.write(name("f"), "1", prevValue="")),
    ]:
        error = raises(kind, call)
        assert error.payload["errorCode"] and "cause" in error.payload, error.payload


@case
def a_lock_excludes_and_is_handed_on(_):
    path = fresh("lock")
    one, two = etcd.Lock(client(), path), etcd.Lock(client(), path)
    assert one.acquire(lock_ttl=60) and one.is_acquired
    assert two.acquire(blocking=False, lock_ttl=60) is False and not two.is_acquired
    # To acquire again renews it.
    assert one.acquire(lock_ttl=90) and one.is_acquired
    timer = later(one.release)
    assert two.acquire(lock_ttl=60) is True
    timer.join()
    assert two.is_acquired and not one.is_acquired
    again = etcd.Lock(client(), path)
    again.uuid = two.uuid
    assert again.acquire() and again.is_acquired
    two.release()
    with etcd.Lock(client(), path) as third:
        assert third.is_acquired
    raises(ValueError, lambda: setattr(etcd.Lock(client(), path), "uuid", "nobody"))


@case
def a_lock_that_expires_is_lost(_):
    lock = etcd.Lock(client(), fresh("lock"))
    assert lock.acquire(lock_ttl=8)
    eventually("it expires", lambda: not lock.is_acquired)


@case
def many_lockers_take_turns(_):
    path, inside, most, done = fresh("lock"), [], [], []

    def work(number):
        lock = etcd.Lock(client(), path)
        lock.acquire(lock_ttl=60)
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.05)
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
def elections_are_gone_from_the_package(it):
    raises(NotImplementedError, lambda: it.election)
    raises(NotImplementedError, lambda: it.get_lock("x"))


@case
def roles_are_kept(_):
    root = etcd.Client(**address(RULED), username="root", password=MASTER)
    role = EtcdRole(root, fresh("role"))
    role.grant("/a/*", "RW")
    role.grant("/b", "R")
    role.write()
    read = EtcdRole(root, role.name)
    read.read()
    assert read.acls == {"/a/*": "RW", "/b": "R"}
    role.revoke("/a/*", "W")
    role.grant("/c", "W")
    role.write()
    read.read()
    assert read.acls == {"/a/*": "R", "/b": "R", "/c": "W"}
    role.delete()
    raises(etcd.EtcdKeyNotFound, read.read)


@case
def a_user_is_made_and_may_do_what_its_roles_allow(_):
    root = etcd.Client(**address(RULED), username="root", password=MASTER)
    role = EtcdRole(root, fresh("role"))
    role.grant("/allowed/*", "R")
    role.write()
    user = EtcdUser(root, fresh("user"))
    user.password = "secret"
    user.roles = [role.name]
    user.write()
    root.write("/allowed/f", "1")
    root.write("/other", "1")
    own = etcd.Client(**address(RULED), username=user.name, password="secret")
    assert own.get("/allowed/f").value == "1"
    raises(etcd.EtcdInsufficientPermissions, lambda: own.write("/allowed/f", "2"))
    raises(etcd.EtcdInsufficientPermissions, lambda: own.get("/other"))
    raises(etcd.EtcdInsufficientPermissions, lambda: EtcdRole(own, role.name).read())
    user.delete()
    raises(etcd.EtcdInsufficientPermissions, lambda: own.get("/allowed/f"))
    role.delete()


@case
def access_control_is_asked_for(_):
    root = etcd.Client(**address(RULED), username="root", password=MASTER)
    assert Auth(root).active is True and Auth(client()).active is False
    nobody = etcd.Client(**address(RULED))
    raises(etcd.EtcdInsufficientPermissions, lambda: nobody.write("/x", "1"))


@case
def a_user_that_is_read_back_is_more_than_this_client_expects(_):
    # Servers from 2.3 on answer with roles where it expects their names.
    root = etcd.Client(**address(RULED), username="root", password=MASTER)
    raises(TypeError, EtcdUser(root, "root").read)


@case
def users_and_roles_are_listed(_):
    root = etcd.Client(**address(RULED), username="root", password=MASTER)
    assert any(user["user"] == "root" for user in EtcdUser(root, "root").names)
    assert any(role["role"] == "root" for role in EtcdRole(root, "root").names)


run(client)
