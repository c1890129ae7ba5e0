"""consulate 0.6.0, of the year 2015: it asks for nearly everything with GET.

Its one trouble with a Python of today is `json.loads(…, encoding=…)`, an argument that Python 3.9
took away and that meant nothing in Python 3 before: it is dropped here.
"""

import json

import consulate
import consulate.api.base

from suite import MASTER, PLAIN, RULED, address, case, eventually, fresh, key, raises, run


class Json:
    """`json` for consulate, as it was before Python 3.9."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text, encoding=None):
        return json.loads(text)


consulate.api.base.json = Json


def client():
    return consulate.Consul(**address(PLAIN))


def ruled(token):
    return consulate.Consul(**address(RULED), token=token)


@case
def keys_are_a_dictionary(c):
    c.kv[key("a")] = "1"
    c.kv.set(key("b"), "two")
    assert c.kv[key("a")] == "1" and c.kv.get(key("b")) == "two"
    assert key("a") in c.kv and key("none") not in c.kv
    assert c.kv.get(key("none"), "default") == "default"
    c.kv.set_record(key("flagged"), 42, "v")
    assert c.kv.get_record(key("flagged"))["Flags"] == 42
    assert sorted(c.kv.find(key(""))) == [key("a"), key("b"), key("flagged")]
    del c.kv[key("a")]
    assert key("a") not in c.kv
    c.kv.delete(key(""), recurse=True)
    assert c.kv.find(key("")) == {}


@case
def a_lock_is_acquired_and_released(c):
    first, second = c.session.create(delay="0s"), c.session.create(delay="0s")
    assert c.kv.acquire_lock(key("lock"), first) is True
    assert c.kv.acquire_lock(key("lock"), second) is False
    assert c.kv.release_lock(key("lock"), first) is True
    assert c.kv.acquire_lock(key("lock"), second) is True
    assert c.session.destroy(first) is True and c.session.destroy(second) is True


@case
def sessions_are_shown_and_renewed(c):
    session = c.session.create(name="me", ttl="20s", behavior="delete")
    shown = c.session.info(session)
    assert (shown["Name"], shown["TTL"], shown["Behavior"]) == ("me", "20s", "delete"), shown
    assert c.session.renew(session)["ID"] == session
    assert session in [s["ID"] for s in as_list(c.session.list())]
    assert c.session.destroy(session) is True


@case
def a_session_shows_its_checks(c):
    session = c.session.create()
    assert c.session.info(session)["Checks"] == ["serfHealth"]
    assert c.session.destroy(session) is True


def as_list(found):
    """It gives the one item of a list as the item itself."""
    return found if isinstance(found, list) else [found]


@case
def a_node_is_seen_in_the_catalog(c):
    # Its own `catalog.register` takes the path for a whole URL, and calls nobody.
    def write(what, body):
        return c.catalog._adapter.put(c.catalog._build_uri([what]), body).status_code == 200

    node, name = fresh("node"), fresh("web")
    service = {"ID": name, "Service": name, "Port": 80, "Tags": ["v1"]}
    assert write("register", {"Node": node, "Address": "10.0.0.1", "Service": service})
    assert node in [n["Node"] for n in as_list(c.catalog.nodes())]
    assert as_list(c.catalog.service(name))[0]["ServicePort"] == 80
    assert as_list(c.catalog.services())[0][name] == ["v1"]
    assert name in as_list(c.catalog.node(node))[0]["Services"]
    assert as_list(c.health.service(name))[0]["Node"]["Node"] == node
    assert write("deregister", {"Node": node})
    assert node not in [n["Node"] for n in as_list(c.catalog.nodes())]
    assert c.catalog.datacenters() in ("dc1", ["dc1"])


@case
def a_service_of_the_agent_is_checked(c):
    name = fresh("app")
    assert c.agent.service.register(name, port=80, tags=["t"], ttl="10m") is True
    assert name in as_list(c.agent.services())[0]
    check = f"service:{name}"
    for step, status in (
        (c.agent.check.ttl_pass, "passing"),
        (c.agent.check.ttl_warn, "warning"),
        (c.agent.check.ttl_fail, "critical"),
    ):
        assert step(check) is True
        assert as_list(c.agent.checks())[0][check]["Status"] == status
        eventually(status, lambda: as_list(c.health.checks(name))[0]["Status"] == status)
    assert c.agent.service.deregister(name) is True
    assert name not in as_list(c.agent.services())[0]


@case
def a_check_is_registered_with_every_field(c):
    # The others are sent as null.
    name = fresh("check")
    assert c.agent.check.register(name, ttl="10m", notes="n") is True
    assert c.agent.check.ttl_pass(name) is True
    assert as_list(c.agent.checks())[0][name]["Notes"] == "n"
    assert c.agent.check.deregister(name) is True


@case
def the_agent_names_itself(c):
    assert as_list(c.agent.members())[0]["Status"] == 1
    assert c.status.leader() in as_list(c.status.peers())


@case
def a_node_that_nobody_knows_is_forced_to_leave(c):
    assert c.agent.force_leave(fresh("nobody")) is True


@case
def an_event_is_fired(c):
    name = fresh("deploy")
    assert c.event.fire(name, "now")
    eventually("it is listed", lambda: name in [e["Name"] for e in as_list(c.event.list(name))])


@case
def tokens_are_created_changed_and_destroyed(_):
    c = ruled(MASTER)
    token = c.acl.create("app", rules=f'key "{key("open")}" {{ policy = "write" }}')
    assert c.acl.info(token)["Name"] == "app"
    app = ruled(token)
    app.kv[key("open")] = "v"
    assert app.kv[key("open")] == "v"
    raises(consulate.exceptions.ConsulateException, lambda: app.acl.list())
    assert c.acl.update(token, "other") is True
    copy = c.acl.clone(token)
    assert {token, copy} <= {t["ID"] for t in c.acl.list()}
    for one in (token, copy):
        assert c.acl.destroy(one) is True


@case
def the_list_of_tokens_has_the_anonymous_one(_):
    assert "anonymous" in [t["ID"] for t in as_list(ruled(MASTER).acl.list())]


run(client)
