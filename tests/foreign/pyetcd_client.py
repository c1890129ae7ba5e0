"""pyetcd 1.11.1 through all of its methods. It has no locks and no elections."""

from pyetcd import (EtcdDirNotEmpty, EtcdEventIndexCleared, EtcdException, EtcdInvalidField,
                    EtcdInvalidResponse, EtcdKeyNotFound, EtcdNodeExist, EtcdNotDir, EtcdNotFile,
                    EtcdPrevValueRequired, EtcdRootROnly, EtcdTestFailed, EtcdTTLNaN)
from pyetcd.client import Client, ClientException

from suite import PLAIN, address, case, eventually, key, meanwhile, raises, run


def name(text):
    """A key as it wants them: with a slash."""
    return "/" + key(text)


def client():
    return Client(**address(PLAIN))


@case
def a_value_is_written_read_and_deleted(etcd):
    made = etcd.write(name("f"), "1")
    assert (made.action, made.node["value"], made.prevNode) == ("set", "1", None)
    assert made.x_etcd_index == made.node["modifiedIndex"]
    read = etcd.read(name("f"))
    assert (read.action, read.node["key"]) == ("get", name("f"))
    again = etcd.write(name("f"), "\u00e9 & = ; + %")
    assert again.prevNode["value"] == "1"
    assert etcd.read(name("f")).node["value"] == "\u00e9 & = ; + %"
    gone = etcd.delete(name("f"))
    assert gone.action == "delete" and "value" not in gone.node
    raises(EtcdKeyNotFound, lambda: etcd.read(name("f")))
    raises(EtcdKeyNotFound, lambda: etcd.delete(name("f")))


@case
def a_ttl_ends_and_is_updated(etcd):
    made = etcd.write(name("f"), "1", ttl=100)
    assert 90 < made.node["ttl"] <= 100 and made.node["expiration"].endswith("Z")
    longer = etcd.update_ttl(name("f"), 1000)
    assert longer.action == "update" and longer.node["ttl"] > 900
    assert longer.node["value"] == "1"
    etcd.write(name("f"), "1", ttl=1)

    def gone():
        try:
            return etcd.read(name("f")) is None
        except EtcdKeyNotFound:
            return True

    eventually("it expires", gone)
    raises(EtcdKeyNotFound, lambda: etcd.update_ttl(name("f"), 5))
    raises(EtcdTTLNaN, lambda: etcd.update_ttl(name("f"), "soon"))
    etcd.write(name("g"), "1", ttl=-3)
    assert "ttl" not in etcd.read(name("g")).node


@case
def directories_are_made_and_removed(etcd):
    made = etcd.mkdir(name("d"))
    assert made.action == "create" and made.node["dir"] is True
    raises(EtcdNodeExist, lambda: etcd.mkdir(name("d")))
    etcd.write(name("d/f"), "1")
    raises(EtcdDirNotEmpty, lambda: etcd.rmdir(name("d")))
    raises(EtcdNotFile, lambda: etcd.delete(name("d")))
    raises(EtcdNotFile, lambda: etcd.write(name("d"), "1"))
    raises(EtcdNotDir, lambda: etcd.write(name("d/f/g"), "1"))
    assert etcd.rmdir(name("d"), recursive=True).prevNode["dir"] is True
    etcd.mkdir(name("d"))
    assert etcd.rmdir(name("d")).action == "delete"
    raises(EtcdKeyNotFound, lambda: etcd.rmdir(name("d")))
    raises(EtcdRootROnly, lambda: etcd.mkdir("/"))
    raises(EtcdRootROnly, lambda: etcd.rmdir("/", recursive=True))


@case
def a_swap_is_made_on_one_condition(etcd):
    made = etcd.compare_and_swap(name("f"), "1", prev_exist=False)
    assert made.action == "create"
    raises(EtcdNodeExist, lambda: etcd.compare_and_swap(name("f"), "2", prev_exist=False))
    assert etcd.compare_and_swap(name("f"), "2", prev_exist=True).action == "update"
    swapped = etcd.compare_and_swap(name("f"), "3", prev_value="2", ttl=1000)
    assert swapped.action == "compareAndSwap" and swapped.node["ttl"] > 900
    index = swapped.node["modifiedIndex"]
    raises(EtcdTestFailed, lambda: etcd.compare_and_swap(name("f"), "4", prev_value="2"))
    raises(EtcdTestFailed, lambda: etcd.compare_and_swap(name("f"), "4", prev_index=index - 1))
    assert etcd.compare_and_swap(name("f"), "4", prev_index=index).prevNode["value"] == "3"
    raises(EtcdPrevValueRequired, lambda: etcd.compare_and_swap(name("f"), "5", prev_value=""))
    raises(EtcdKeyNotFound, lambda: etcd.compare_and_swap(name("none"), "5", prev_value="x"))
    # Without a condition it is a plain write, and with the index 0 too.
    assert etcd.compare_and_swap(name("f"), "6").action == "set"
    assert etcd.compare_and_swap(name("f"), "7", prev_index=0).action == "set"
    # It sends one condition alone: the wrong value does not matter beside the right index.
    index = etcd.read(name("f")).node["modifiedIndex"]
    assert etcd.compare_and_swap(name("f"), "8", prev_value="no", prev_index=index)


@case
def a_deletion_is_made_on_one_condition(etcd):
    index = etcd.write(name("f"), "1").node["modifiedIndex"]
    # Its manual says EtcdNodeExist.
    raises(EtcdTestFailed, lambda: etcd.compare_and_delete(name("f"), prev_value="2"))
    raises(EtcdTestFailed, lambda: etcd.compare_and_delete(name("f"), prev_index=index + 1))
    assert etcd.compare_and_delete(name("f"), prev_value="1").action == "compareAndDelete"
    index = etcd.write(name("f"), "1").node["modifiedIndex"]
    assert etcd.compare_and_delete(name("f"), prev_index=index).prevNode["value"] == "1"
    etcd.write(name("f"), "1")
    assert etcd.compare_and_delete(name("f")).action == "delete"


@case
def a_read_takes_every_parameter(etcd):
    for child in ["b", "a", "s/c"]:
        etcd.write(name("d/" + child), child)
    listed = etcd.read(name("d"), sorted=True)
    assert [n["key"] for n in listed.node["nodes"]] == [name(f"d/{n}") for n in "abs"]
    tree = etcd.read(name("d"), recursive=True, sorted="true").node["nodes"]
    assert tree[2]["nodes"][0]["value"] == "s/c"
    assert etcd.read(name("d/a"), quorum=True).node["value"] == "a"
    raises(EtcdInvalidField, lambda: etcd.read(name("d"), recursive="perhaps"))


@case
def a_read_waits_for_a_change(etcd):
    index = etcd.write(name("f"), "1").x_etcd_index
    with meanwhile(lambda: client().write(name("f"), "2")):
        seen = etcd.read(name("f"), wait=True)
    assert (seen.action, seen.node["value"]) == ("set", "2")
    assert etcd.read(name("f"), wait=True, waitIndex=index + 1).node["value"] == "2"
    assert etcd.read(name("f"), wait=True, waitIndex=index).node["value"] == "1"
    with meanwhile(lambda: client().write(name("t/x/y"), "3")):
        seen = etcd.read(name("t"), wait=True, recursive=True)
    assert seen.node["key"] == name("t/x/y")


@case
def a_history_that_is_gone_is_told(etcd):
    index = etcd.write(name("old"), "1").x_etcd_index
    for _ in range(1005):
        etcd.write(name("noise"), "1")
    error = raises(EtcdEventIndexCleared,
                   lambda: etcd.read(name("old"), wait=True, waitIndex=index))
    assert "outdated and cleared" in str(error)


@case
def versions_and_health_are_read(etcd):
    assert etcd.version() == etcd.version_server()
    assert etcd.version().count(".") == 2 and etcd.version_cluster().count(".") == 2
    assert etcd.health is True


@case
def a_member_that_does_not_exist_is_not_removed(etcd):
    # Errors without a code are told as hosts that can't be reached.
    error = raises(EtcdException, lambda: etcd.remove_member("123"))
    assert "No more hosts" in str(error) and "404" in str(error)
    error = raises(EtcdException, lambda: etcd.add_member(["nonsense"]))
    assert "400" in str(error)


@case
def what_the_client_refuses_and_what_it_does_not(_):
    raises(NotImplementedError, lambda: Client(srv_domain="example.com"))
    raises(ClientException, lambda: Client(protocol="https"))
    raises(TypeError, lambda: Client(["127.0.0.1"]))
    # A key without a slash is another path.
    raises((EtcdException, EtcdInvalidResponse), lambda: client().read("no-slash"))


@case
def another_host_is_asked_when_the_first_is_gone(_):
    host, port = address(PLAIN).values()
    both = Client(host=[("127.0.0.1", 1), (host, port)])
    assert both.write(name("f"), "1").node["value"] == "1"
    assert Client(host=["127.0.0.1"], port=port).read(name("f")).node["value"] == "1"
    first = Client(host=[("127.0.0.1", 1), (host, port)], allow_reconnect=False)
    raises(EtcdException, lambda: first.read(name("f")))


@case
def statistics_have_the_fields_that_its_results_name(etcd):
    # It has properties for them and no method: this asks as it would.
    stats = etcd._request_call("/v2/stats/self")
    assert stats.id and stats.name and stats.startTime and stats.state == "StateLeader"
    assert stats.leaderInfo["leader"] == stats.id
    assert stats.recvAppendRequestCnt == 0 and stats.sendAppendRequestCnt == 0


@case
def an_odd_key_loses_no_value_where_it_can_be_helped(etcd):
    # requests follows a 301 and leaves the body behind: on etcd the value is lost.
    etcd.write(name("a//b"), "x")
    assert etcd.read(name("a/b")).node["value"] == "x"


run(client)
