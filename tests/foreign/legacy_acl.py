"""The old ACLs of Consul, as python-consul and python-consul2 call them."""

import consul

from suite import MASTER, RULED, address, case, key, raises

DENIED = consul.base.ACLPermissionDenied


def ruled(**more):
    return consul.Consul(**address(RULED), **more)


@case
def a_token_of_old_is_created_shown_changed_copied_and_destroyed(_):
    c = ruled(token=MASTER)
    rules = 'key "foreign/" { policy = "write" }'
    token = c.acl.create(name="app", type="client", rules=rules)
    shown = c.acl.info(token)
    assert (shown["Name"], shown["Type"], shown["Rules"]) == ("app", "client", rules), shown
    assert token in [t["ID"] for t in c.acl.list()]
    assert c.acl.update(token, name="app2", rules='key "" { policy = "read" }') == token
    assert c.acl.info(token)["Name"] == "app2"
    copy = c.acl.clone(token)
    assert copy != token and c.acl.info(copy)["Name"] == "app2"
    for one in (token, copy):
        assert c.acl.destroy(one) is True
        assert c.acl.info(one) is None


@case
def a_token_of_old_may_do_what_its_rules_say(_):
    master = ruled(token=MASTER)
    rules = f'key "{key("open")}" {{ policy = "write" }} session "" {{ policy = "write" }}'
    token = master.acl.create(name="app", rules=rules)
    app = ruled(token=token)
    assert app.kv.put(key("open/a"), "v") is True
    assert app.kv.get(key("open/a"))[1]["Value"] == b"v"
    raises(DENIED, lambda: app.kv.put(key("shut/a"), "v"))
    master.kv.put(key("shut/a"), "v")
    _, listed = app.kv.get(key("")[:-1], recurse=True)
    assert [e["Key"] for e in listed] == [key("open/a")], listed
    raises(DENIED, lambda: app.acl.list())
    raises(DENIED, lambda: ruled().kv.put(key("open/b"), "v"))
    master.acl.destroy(token)
    raises(DENIED, lambda: app.kv.put(key("open/c"), "v"))


@case
def a_token_with_an_id_of_ones_own_is_kept_under_it(_):
    c = ruled(token=MASTER)
    wanted = "11111111-2222-4333-8444-555555555555"
    assert c.acl.create(name="own", type="management", acl_id=wanted) == wanted
    assert ruled(token=wanted).acl.info(wanted)["Type"] == "management"
    assert c.acl.destroy(wanted) is True


@case
def acls_that_are_off_say_so(c):
    raises(consul.base.ACLDisabled, lambda: c.acl.list())
