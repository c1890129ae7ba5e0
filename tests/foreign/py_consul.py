"""py-consul, the client that is kept up today."""

import json

import consul

import library
from suite import MASTER, RULED, address, case, eventually, fresh, key, raises, run

DENIED = consul.ACLPermissionDenied
READ = {"key_prefix": {"": {"policy": "read"}}}


def ruled(token=None):
    return consul.Consul(**address(RULED), token=token)


@case
def policies_tokens_and_roles_give_what_they_say(_):
    c = ruled(MASTER)
    rules = {"key_prefix": {key("open"): {"policy": "write"}}}
    policy = c.acl.policy.create(fresh("policy"), description="of a test", rules=rules)
    assert c.acl.policy.read(policy["ID"])["Rules"] == json.dumps(rules)
    assert policy["ID"] in [p["ID"] for p in c.acl.policy.list()]
    role = c.acl.role.create(fresh("role"), policies_id=[policy["ID"]])
    assert c.acl.role.read_by_name(role["Name"])["ID"] == role["ID"]
    token = c.acl.token.create(description="app", roles_id=[role["ID"]])
    assert c.acl.token.read(token["AccessorID"])["Description"] == "app"
    app = ruled(token["SecretID"])
    assert app.acl.token.read_self()["AccessorID"] == token["AccessorID"]
    assert app.kv.put(key("open/a"), "v") is True
    raises(DENIED, lambda: app.kv.put(key("shut"), "v"))
    raises(DENIED, lambda: app.acl.policy.list())
    copy = c.acl.token.clone(token["AccessorID"], description="copy")
    assert ruled(copy["SecretID"]).kv.get(key("open/a"))[1]["Value"] == b"v"
    assert c.acl.policy.update(policy["ID"], policy["Name"], rules=READ)
    eventually("the new rules", lambda: refused(app))
    for one in (token, copy):
        assert c.acl.token.delete(one["AccessorID"]) is True
    assert c.acl.role.delete(role["ID"]) is True
    assert c.acl.policy.delete(policy["ID"]) is True


def refused(app):
    try:
        app.kv.put(key("open/b"), "v")
    except DENIED:
        return True
    return False


@case
def acls_that_are_off_say_so(c):
    raises(consul.ACLDisabled, lambda: c.acl.policy.list())


@case
def config_entries_are_set_listed_and_deleted(c):
    name = fresh("svc")
    assert c.config.set("service-defaults", name, {"Protocol": "http"}) is True
    assert c.config.get("service-defaults", name)["Protocol"] == "http"
    assert name in [e["Name"] for e in c.config.list("service-defaults")]
    assert c.config.delete("service-defaults", name) is True
    assert c.config.get("service-defaults", name) is None


@case
def the_autopilot_is_configured_and_healthy(c):
    configuration = c.operator.autopilot_configuration()
    assert configuration["CleanupDeadServers"] is True, configuration
    eventually("it is healthy", lambda: c.operator.autopilot_health()["Healthy"] is True)


@case
def a_definition_and_metrics_are_shown(c):
    name = fresh("def")
    c.agent.service.register(name, meta={"k": "v"}, weights={"passing": 3, "warning": 1})
    shown = c.agent.service_definition(name)
    assert shown["Meta"] == {"k": "v"} and shown["Weights"]["Passing"] == 3, shown
    assert list(c.agent.services(filter_expr=f'Service == "{name}"')) == [name]
    c.agent.service.deregister(name)
    assert "Gauges" in c.agent.metrics()


@case
def a_snapshot_is_saved_and_restored(_):
    c = ruled(MASTER)
    c.kv.put(key("kept"), "before")
    snapshot = c.snapshot.save()
    assert snapshot[:2] == b"\x1f\x8b"
    c.kv.put(key("kept"), "after")
    assert c.snapshot.restore(snapshot) is True
    eventually("the state of before", lambda: kept(c) == b"before")


def kept(c):
    try:
        return c.kv.get(key("kept"))[1]["Value"]
    except consul.ConsulException:  # there is no leader for a moment
        return None


run(library.client)
