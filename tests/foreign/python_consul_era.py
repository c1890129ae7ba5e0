"""python-consul 0.7.2, of the year 2017, as it is: it was written for Consul 0.7."""

import consul

import legacy_acl
import library
from suite import MASTER, case, eventually, fresh, key, raises, run


@case
def a_script_of_one_string_is_accepted_as_a_check(c):
    # Without `enable_script_checks` it is refused or does not run, but the client's form is read.
    name = fresh("script")
    try:
        c.agent.check.register(name, consul.Check.script("true", "10s"))
    except consul.ConsulException as error:
        assert "script" in str(error).lower(), error
    else:
        c.agent.check.deregister(name)


@case
def a_check_may_have_a_ttl_and_an_interval(c):
    name = fresh("both")
    assert c.agent.check.register(name, {"ttl": "10m", "interval": "10s"}) is True
    assert c.agent.check.ttl_pass(name) is True
    assert c.agent.check.deregister(name) is True


@case
def the_agent_shows_the_consul_service(c):
    assert c.agent.services()["consul"]["Service"] == "consul"


@case
def a_node_that_nobody_knows_is_forced_to_leave(c):
    assert c.agent.force_leave(fresh("nobody")) is True


@case
def a_query_needs_no_name(c):
    query = c.query.create(fresh("db"))
    assert c.query.delete(query["ID"]) is True


@case
def a_forbidden_key_is_missing(_):
    master = legacy_acl.ruled(token=MASTER)
    master.kv.put(key("hidden"), "v")
    token = master.acl.create(name="app", rules='key "open" { policy = "read" }')
    assert legacy_acl.ruled(token=token).kv.get(key("hidden"))[1] is None
    assert master.acl.destroy(token) is True


@case
def the_list_of_tokens_has_the_anonymous_one(_):
    tokens = legacy_acl.ruled(token=MASTER).acl.list()
    assert "anonymous" in [token["ID"] for token in tokens], tokens


run(library.client)
