"""python-consul2, a fork of python-consul that knows Consul 1.x."""

import legacy_acl
import library
from suite import MASTER, case, eventually, fresh, key, raises, run


@case
def policies_tokens_and_roles_give_what_they_say(_):
    c = legacy_acl.ruled(token=MASTER)
    rules = f'key_prefix "{key("open")}" {{ policy = "write" }}'
    policy = c.acl.policy.create(fresh("policy"), rules=rules)
    assert c.acl.policy.get(name=policy["Name"])["ID"] == policy["ID"]
    role = c.acl.roles.create({"Name": fresh("role"), "Policies": [{"ID": policy["ID"]}]})
    assert c.acl.roles.get_by_name(role["Name"])["ID"] == role["ID"]
    token = c.acl.tokens.create({"Description": "app", "Roles": [{"ID": role["ID"]}]})
    assert token["AccessorID"] in [t["AccessorID"] for t in c.acl.tokens.list(role=role["ID"])]
    app = legacy_acl.ruled(token=token["SecretID"])
    assert app.acl.tokens.self()["AccessorID"] == token["AccessorID"]
    assert app.kv.put(key("open/new"), "v") is True
    raises(legacy_acl.DENIED, lambda: app.kv.put(key("shut/new"), "v"))
    assert c.acl.tokens.delete(token["AccessorID"]) is True
    assert c.acl.roles.delete(role["ID"]) is True
    assert c.acl.policy.delete(policy["ID"]) is True


@case
def rules_of_old_are_translated(_):
    c = legacy_acl.ruled(token=MASTER)
    translated = c.acl.create_translate('key "a" { policy = "read" }', token=MASTER)
    assert b'key_prefix "a"' in translated, translated


@case
def intentions_are_created_checked_and_deleted(c):
    source, target = fresh("web"), fresh("db")
    intention = c.connect.intentions.create(source, target, "consul", "deny")
    shown = c.connect.intentions.get(intention["ID"])
    assert (shown["SourceName"], shown["DestinationName"]) == (source, target), shown
    assert c.connect.intentions.check(source, target) == {"Allowed": False}
    assert intention["ID"] in [i["ID"] for i in c.connect.intentions.list()]
    assert c.connect.intentions.delete(intention["ID"]) is True


@case
def config_entries_are_put_listed_and_deleted(c):
    name = fresh("svc")
    assert c.config.put({"Kind": "service-defaults", "Name": name, "Protocol": "http"}) is True
    assert c.config.get("service-defaults", name)["Protocol"] == "http"
    assert c.config.delete("service-defaults", name) is True


@case
def the_autopilot_is_configured_and_healthy(c):
    assert c.operator.autopilot.configuration()["CleanupDeadServers"] is True
    eventually("it is healthy", lambda: c.operator.autopilot.health()["Healthy"] is True)
    assert c.operator.raft.configuration()["Servers"][0]["Leader"] is True


run(library.client)
