"""What py-consul, python-consul2 and python-consul have in common, as cases: all three are imported
as `consul`."""

import base64
import time

import consul

from suite import PLAIN, address, case, eventually, fresh, key, later, raises


def client(**more):
    return consul.Consul(**address(PLAIN), **more)


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
    timer = later(lambda: client().kv.put(key("watched"), "new"))
    start = time.monotonic()
    after, entry = c.kv.get(key("watched"), index=index, wait="20s")
    assert entry["Value"] == b"new" and int(after) > int(index)
    assert 0.15 < time.monotonic() - start < 10
    timer.join()


@case
def a_blocking_read_is_not_woken_by_other_keys(c):
    c.kv.put(key("quiet"), "same")
    index, _ = c.kv.get(key("quiet"))
    timer = later(lambda: client().kv.put(key("loud"), "x"))
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
    timer = later(lambda: client().kv.delete(key("dir/a")))
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
    raises(consul.NotFound, lambda: c.session.renew(session))


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


@case
def the_consistency_of_reads_can_be_chosen(c):
    c.kv.put(key("mode"), "v")
    for mode in ("default", "consistent", "stale"):
        for reader in (c, client(consistency=mode)):
            assert reader.kv.get(key("mode"), consistency=mode)[1]["Value"] == b"v", mode
            assert reader.catalog.nodes(consistency=mode)[1], mode
            reader.session.list(consistency=mode)


@case
def a_session_that_is_renewed_outlives_its_ttl_and_one_that_is_not_loses_its_lock(c):
    lost = c.session.create(ttl=10, lock_delay=0)
    kept = c.session.create(ttl=10, lock_delay=0)
    assert c.kv.put(key("lost"), "", acquire=lost) and c.kv.put(key("kept"), "", acquire=kept)

    def is_lost():
        c.session.renew(kept)
        return "Session" not in c.kv.get(key("lost"))[1]

    eventually("the session that is not renewed ends", is_lost, within=40)
    assert c.kv.get(key("kept"))[1]["Session"] == kept
    c.session.destroy(kept)


@case
def a_session_ends_with_its_check(c):
    name = fresh("check")
    assert c.agent.check.register(name, consul.Check.ttl("10m"), check_id=name)
    assert c.agent.check.ttl_pass(name)
    node = c.agent.self()["Config"]["NodeName"]

    def status():
        return {k["CheckID"]: k["Status"] for k in c.health.node(node)[1]}.get(name)

    eventually("the check passes", lambda: status() == "passing")
    session = c.session.create(checks=["serfHealth", name], lock_delay=0, behavior="delete")
    assert c.kv.put(key("tied"), "", acquire=session)
    assert c.agent.check.ttl_fail(name)
    eventually("the session ends", lambda: c.session.info(session)[1] is None)
    assert c.kv.get(key("tied"))[1] is None
    assert c.agent.check.deregister(name)


@case
def a_node_with_a_service_and_a_check_is_registered_and_deregistered(c):
    node, name = fresh("node"), fresh("web")
    service = {"ID": f"{name}-1", "Service": name, "Port": 80, "Tags": ["v1"]}
    check = {"Node": node, "CheckID": "c", "Name": "C", "Status": "passing",
             "ServiceID": f"{name}-1"}
    assert c.catalog.register(node, "10.0.0.1", service=service, check=check) is True
    _, services = c.catalog.services()
    assert services[name] == ["v1"], services
    _, [instance] = c.catalog.service(name)
    assert (instance["Node"], instance["Address"], instance["ServicePort"]) == (node, "10.0.0.1", 80)
    assert c.catalog.service(name, tag="none")[1] == []
    _, shown = c.catalog.node(node)
    assert shown["Node"]["Address"] == "10.0.0.1" and f"{name}-1" in shown["Services"]
    _, [healthy] = c.health.service(name, passing=True)
    assert [k["CheckID"] for k in healthy["Checks"]] == ["c"]
    assert [k["Name"] for k in c.health.checks(name)[1]] == ["C"]
    assert node in [k["Node"] for k in c.health.state("passing")[1]]
    assert c.catalog.deregister(node, check_id="c") is True
    assert c.health.checks(name)[1] == []
    assert c.catalog.deregister(node, service_id=f"{name}-1") is True
    assert name not in c.catalog.services()[1]
    assert c.catalog.deregister(node) is True
    assert node not in [n["Node"] for n in c.catalog.nodes()[1]]


@case
def a_blocking_read_of_the_catalog_sees_a_new_service(c):
    node, name = fresh("node"), fresh("api")
    index, instances = c.catalog.service(name)
    assert instances == []
    service = {"Service": name, "Port": 1}
    timer = later(lambda: client().catalog.register(node, "10.0.0.2", service=service))
    while not instances:
        # A service that does not exist is woken by others too.
        known, start = index, time.monotonic()
        index, instances = c.catalog.service(name, index=known, wait="20s")
        assert int(index) > int(known) and time.monotonic() - start < 10
    assert [i["Node"] for i in instances] == [node]
    timer.join()
    c.catalog.deregister(node)


@case
def lists_are_sorted_by_distance_to_any_node(c):
    own = c.agent.self()["Config"]["NodeName"]
    assert c.catalog.nodes(near="_agent")[1][0]["Node"] == own
    assert c.catalog.nodes(near="nobody")[1]
    assert c.catalog.datacenters() == ["dc1"]


def instance_of(c, name):
    """The instances of a service with the worst status of the checks of each."""
    order = ["", "passing", "warning", "critical"]
    instances = {}
    for entry in c.health.service(name)[1]:
        own = entry["Service"]["ID"]
        states = [k["Status"] for k in entry["Checks"] if k["ServiceID"] == own]
        instances[own] = max(states, key=order.index, default="")
    return instances


@case
def a_service_of_the_agent_is_registered_checked_and_deregistered(c):
    name = fresh("app")
    check = consul.Check.ttl("10m")
    assert c.agent.service.register(
        name, service_id=f"{name}-1", address="10.1.1.1", port=8080, tags=["a", "b"], check=check
    )
    service = c.agent.services()[f"{name}-1"]
    assert (service["Service"], service["Port"], service["Tags"]) == (name, 8080, ["a", "b"])
    check_id = f"service:{name}-1"
    assert c.agent.checks()[check_id]["Status"] == "critical"
    eventually("it is critical", lambda: instance_of(c, name) == {f"{name}-1": "critical"})
    assert c.health.service(name, passing=True)[1] == []
    steps = [
        (c.agent.check.ttl_pass, "passing"),
        (c.agent.check.ttl_warn, "warning"),
        (c.agent.check.ttl_fail, "critical"),
        (c.agent.check.ttl_pass, "passing"),
    ]
    for step, status in steps:
        assert step(check_id, notes=f"now {status}") is True
        shown = c.agent.checks()[check_id]
        assert (shown["Status"], shown["Output"]) == (status, f"now {status}"), shown
        eventually(status, lambda: instance_of(c, name) == {f"{name}-1": status})
    assert len(c.health.service(name, passing=True)[1]) == 1
    assert c.agent.service.deregister(f"{name}-1") is True
    assert f"{name}-1" not in c.agent.services()
    eventually("it is gone", lambda: instance_of(c, name) == {})


@case
def a_check_that_is_not_updated_in_time_is_critical(c):
    name = fresh("late")
    assert c.agent.check.register(name, consul.Check.ttl("1s"), notes="by hand")
    assert c.agent.check.ttl_pass(name)
    assert c.agent.checks()[name]["Status"] == "passing"
    eventually("it expires", lambda: c.agent.checks()[name]["Status"] == "critical")
    assert c.agent.checks()[name]["Notes"] == "by hand"
    assert c.agent.check.deregister(name) is True
    assert name not in c.agent.checks()


@case
def a_check_of_a_port_and_of_a_page_runs_by_itself(c):
    port = address(PLAIN)["port"]
    tcp, http, closed = fresh("tcp"), fresh("http"), fresh("closed")
    c.agent.check.register(tcp, consul.Check.tcp("127.0.0.1", port, "100ms", timeout="1s"))
    page = f"http://127.0.0.1:{port}/v1/status/leader"
    c.agent.check.register(http, consul.Check.http(page, "100ms", timeout="1s"))
    c.agent.check.register(closed, consul.Check.tcp("127.0.0.1", 1, "100ms", timeout="1s"))

    def states():
        checks = c.agent.checks()
        return [checks[name]["Status"] for name in (tcp, http, closed)]

    eventually("both pass", lambda: states() == ["passing", "passing", "critical"])
    eventually("an output", lambda: "refused" in c.agent.checks()[closed]["Output"])
    for name in (tcp, http, closed):
        assert c.agent.check.deregister(name)


@case
def a_service_and_the_node_go_into_maintenance_and_come_back(c):
    name = fresh("worn")
    c.agent.service.register(name)
    eventually("it is there", lambda: instance_of(c, name) == {name: ""})
    assert c.agent.service.maintenance(name, "true", "worn out") is True
    check = c.agent.checks()[f"_service_maintenance:{name}"]
    assert (check["Status"], check["Notes"]) == ("critical", "worn out"), check
    eventually("it is critical", lambda: instance_of(c, name) == {name: "critical"})
    assert c.agent.service.maintenance(name, "false") is True
    assert f"_service_maintenance:{name}" not in c.agent.checks()
    c.agent.service.deregister(name)
    assert c.agent.maintenance("true", "all of it") is True
    assert c.agent.checks()["_node_maintenance"]["Notes"] == "all of it"
    assert c.agent.maintenance("false") is True
    assert "_node_maintenance" not in c.agent.checks()


@case
def an_event_is_fired_and_listed(c):
    name = fresh("deploy")
    fired = c.event.fire(name, "now")
    assert (fired["Name"], fired["Payload"]) == (name, "bm93"), fired
    events = eventually("it is listed", lambda: c.event.list(name=name)[1])
    assert [e["ID"] for e in events] == [fired["ID"]]


@case
def a_prepared_query_is_created_executed_and_deleted(c):
    node, name = fresh("node"), fresh("db")
    c.catalog.register(node, "10.0.0.3", service={"Service": name, "Port": 5432})
    query = c.query.create(name, name=fresh("query"), onlypassing=True, tags=[], ttl="10s")
    [stored] = c.query.get(query["ID"])
    assert stored["Service"]["Service"] == name and stored["DNS"]["TTL"] == "10s", stored
    assert query["ID"] in [q["ID"] for q in c.query.list()]
    # They all make it a template, which Consul finds by its name alone.
    found = c.query.execute(stored["Name"])
    assert [n["Node"]["Node"] for n in found["Nodes"]] == [node], found
    assert c.query.explain(stored["Name"])["Query"]["Name"] == stored["Name"]
    assert c.query.delete(query["ID"]) is True
    c.catalog.deregister(node)


@case
def coordinates_and_peers_are_listed(c):
    own = c.agent.self()["Config"]["NodeName"]
    assert [m["Name"] for m in c.agent.members()] == [own]
    assert c.coordinate.datacenters()[0]["Datacenter"] == "dc1"
    eventually("a coordinate", lambda: own in [n["Node"] for n in c.coordinate.nodes()[1]])
    assert c.operator.raft_config()["Servers"][0]["Leader"] is True
