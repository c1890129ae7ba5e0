"""Patroni 4 holds a leader key, loses it, and leads again, through its own code for one of its
stores: the fourth argument is `consul`, `etcd` (the v2 API) or `etcd3` (the v3 API as JSON).
"""

import sys
import time

from suite import MASTER, PLAIN, RULED, case, eventually, fresh, later, run

STORE = sys.argv[4]

if STORE == "consul":
    from patroni.dcs.consul import Consul as Dcs
elif STORE == "etcd":
    from patroni.dcs.etcd import Etcd as Dcs
else:
    from patroni.dcs.etcd3 import Etcd3 as Dcs
from patroni.postgresql.mpp import Null

TTL = 20


def case_of(*stores):
    """Adds a case that only these stores have."""
    return case if STORE in stores else lambda function: function


def node(name, scope, host=PLAIN, ttl=TTL, **more):
    """One PostgreSQL's view of the cluster `scope`."""
    config = {"host": host, "scope": scope, "name": name, "namespace": "/service", "ttl": ttl,
              "loop_wait": 1, "retry_timeout": 10, **more}
    dcs = Dcs(config, Null())
    dcs.set_retry_timeout(10)
    return dcs


def pair(**more):
    """Two nodes of one new cluster; the options are for the first."""
    scope = fresh("pg")
    return node("one", scope, **more), node("two", scope)


def sees(dcs, name):
    """Waits until a node sees this leader, or none: the code for `etcd3` reads what it watches."""
    def probe():
        cluster = dcs.get_cluster()
        # An empty cluster is false.
        return (cluster.leader.name if cluster.leader else None) == name and [cluster]

    return eventually(f"{name} leads", probe)[0]


def member(role="replica"):
    """What a node tells of itself."""
    url = "postgres://127.0.0.1:5432/postgres"
    api = "http://127.0.0.1:8008/patroni"
    return {"conn_url": url, "api_url": api, "state": "running", "role": role, "version": "4.1.5"}


def session(dcs):
    """What the leader key of this node hangs on: a session or a lease."""
    return dcs._session if STORE == "consul" else dcs._lease


def end_session(dcs):
    """Ends it on the server, behind the node's back."""
    if STORE == "consul":
        assert dcs._client.session.destroy(dcs._session) is True
        time.sleep(0.01)  # the session's lock-delay is a millisecond
    else:
        dcs._client.call_rpc("/lease/revoke", {"ID": dcs._lease})


def set_refreshed(dcs, moment):
    """Lets a node believe that it renewed its session then."""
    if STORE == "consul":
        dcs._last_session_refresh = moment
    else:
        dcs._last_lease_refresh = moment


@case
def one_of_two_leads_and_the_other_does_not(_):
    one, two = pair()
    assert one.initialize(create_new=True, sysid="7")
    assert not two.initialize(create_new=True, sysid="8")
    assert one.touch_member(member()) and two.touch_member(member())
    assert one.attempt_to_acquire_leader()
    assert not two.attempt_to_acquire_leader()
    cluster = sees(two, "one")
    assert cluster.initialize == "7", cluster
    eventually("both", lambda: sorted(m.name for m in two.get_cluster().members) == ["one", "two"])
    if STORE == "etcd":
        assert 0 < cluster.leader.session <= TTL
    else:
        assert cluster.leader.session == session(one)
    assert one.update_leader(cluster, 1234) is True
    eventually("its place", lambda: two.get_cluster().status.last_lsn == 1234)
    assert one.delete_leader(sees(one, "one").leader)
    assert two.attempt_to_acquire_leader()
    sees(one, "two")
    assert one.delete_cluster()


@case_of("etcd", "etcd3")
def a_node_that_does_not_lead_changes_nothing(_):
    one, two = pair()
    assert one.initialize(create_new=True, sysid="7") and one.attempt_to_acquire_leader()
    assert one.initialize(create_new=False, sysid="7")
    cluster = sees(two, "one")
    assert not two.update_leader(cluster, 5)
    two.delete_leader(cluster.leader)
    sees(two, "one")
    assert one.update_leader(sees(one, "one"), 6)
    one.delete_cluster()


@case_of("etcd", "etcd3")
def a_leader_is_taken_by_force(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader()
    assert two.take_leader()
    cluster = sees(one, "two")
    assert not one.update_leader(cluster, 1)
    two.delete_cluster()


@case_of("etcd")
def a_leader_whose_key_is_deleted_leads_again(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader()
    one._client.delete(one.leader_path)
    # An update of a key that is gone acquires it.
    assert one.update_leader(sees(two, None), 1) is True
    sees(two, "one")
    one.delete_cluster()


@case_of("consul", "etcd3")
def a_leader_whose_session_ends_leads_again(_):
    one, two = pair()
    assert one.touch_member(member()) and one.attempt_to_acquire_leader()
    before = session(one)
    end_session(one)
    # Leader key and member key are gone with the session.
    assert sees(one, None).members == []
    set_refreshed(one, 0)
    assert one.attempt_to_acquire_leader()
    assert session(one) != before
    sees(two, "one")
    assert one.touch_member(member("primary"))
    assert one.update_leader(sees(one, "one"), 1) is True
    assert not two.attempt_to_acquire_leader()
    one.delete_cluster()


@case_of("consul", "etcd3")
def a_leader_who_does_not_know_that_its_session_is_gone_regains_the_key(_):
    one, _two = pair()
    assert one.attempt_to_acquire_leader()
    before = session(one)
    end_session(one)
    # Its session counts as fresh, so it is not renewed: the server's refusal tells.
    set_refreshed(one, time.time())
    assert one.attempt_to_acquire_leader()
    assert session(one) != before
    assert sees(one, "one").leader.session == session(one)
    one.delete_cluster()


@case_of("etcd3")
def a_leader_with_a_new_lease_keeps_its_key(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader()
    cluster, before = sees(one, "one"), session(one)
    # It forgets the lease, as after a change of the TTL: the key is bound to the next one.
    one._lease = None
    assert one.update_leader(cluster, 1) is True
    assert session(one) != before
    # The other one follows by a watch, and has no leader at all while that begins again.
    eventually("the lease", lambda: sees(two, "one").leader.session != before)
    assert sees(two, "one").leader.session == session(one)
    one.delete_cluster()


@case
def a_leader_that_stops_renewing_loses_to_another(_):
    # Consul gives a session twice its TTL, which Patroni halves for that, and 10 s at least.
    ttl = TTL if STORE == "consul" else 10
    one, two = pair(ttl=ttl)
    begun = time.monotonic()
    assert one.attempt_to_acquire_leader()
    cluster = sees(one, "one")
    assert one.update_leader(cluster, 1) is True
    eventually("the key expires", lambda: two.attempt_to_acquire_leader(), within=3 * TTL)
    assert STORE == "consul" or time.monotonic() - begun > ttl - 0.1
    sees(one, "two")
    if STORE != "etcd":
        set_refreshed(one, 0)
    assert not one.attempt_to_acquire_leader()
    assert not one.update_leader(cluster, 5) or sees(one, "two")
    two.delete_cluster()


@case
def a_watch_of_the_leader_wakes_when_the_leader_goes(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader()
    leader = sees(two, "one").leader
    if STORE != "etcd":
        two.watch(leader.version, 1)  # the first one after a change of the TTL or of the leader
    start = time.monotonic()
    assert two.watch(leader.version, 1) is False and time.monotonic() - start >= 0.95
    start = time.monotonic()
    timer = later(lambda: one.delete_leader(sees(one, "one").leader))
    assert two.watch(leader.version, 20) is True and time.monotonic() - start < 20
    timer.join()
    sees(two, None)
    two.delete_cluster()


@case_of("etcd", "etcd3")
def a_watch_of_the_leader_wakes_when_the_leader_tells_where_it_is(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader() and one.update_leader(sees(one, "one"), 4)
    eventually("its place", lambda: two.get_cluster().status.last_lsn == 4)
    two.event.clear()
    leader = sees(two, "one").leader
    start = time.monotonic()
    timer = later(lambda: one.update_leader(sees(one, "one"), 5))
    assert two.watch(leader.version, 20) is True and time.monotonic() - start < 20
    timer.join()
    two.delete_cluster()


@case_of("etcd")
def a_watch_of_a_leader_from_long_ago_ends_at_once(_):
    one, _two = pair()
    assert one.attempt_to_acquire_leader()
    version = one.get_cluster().leader.version
    for _ in range(1005):
        one._client.write(one.client_path("noise"), "1")
    start = time.monotonic()
    assert one.watch(version, 20) is True and time.monotonic() - start < 10
    one.delete_cluster()


@case_of("etcd3")
def a_node_whose_watch_is_cut_sees_what_it_missed(_):
    one, two = pair()
    assert one.attempt_to_acquire_leader()
    sees(two, "one")
    for _ in range(3):
        two._client._kv_cache.kill_stream()
        assert one.delete_leader(sees(one, "one").leader)
        revision = one._client.prefix(one.client_path(""))["header"]["revision"]
        one._client.call_rpc("/kv/compaction", {"revision": revision})
        sees(two, None)
        assert one.attempt_to_acquire_leader()
        sees(two, "one")
    one.delete_cluster()


@case
def settings_failovers_and_histories_are_kept(_):
    one, _two = pair()
    assert one.set_config_value('{"ttl":20}') is True
    config = eventually("the settings", lambda: one.get_cluster().config)
    assert config.data == {"ttl": 20}
    assert one.set_config_value('{"ttl":30}', config.version) is True
    assert one.set_config_value('{"ttl":40}', config.version) is False
    assert one.set_history_value("[[1,2,\"x\"]]") is True
    assert one.manual_failover("one", "two") is True

    def all_of_it():
        cluster = one.get_cluster()
        # The failover was written last; the code for `etcd3` reads what it watches.
        return cluster.failover and [cluster]

    [cluster] = eventually("all of it", all_of_it)
    assert cluster.config.data == {"ttl": 30} and cluster.history.lines[0][0] == 1
    assert (cluster.failover.leader, cluster.failover.candidate) == ("one", "two")
    version = one.set_sync_state_value('{"leader":"one"}')
    assert version
    if STORE != "consul":
        assert not one.delete_sync_state(type(version)(int(version) - 1))
        assert one.delete_sync_state(version)
        one.cancel_initialization()
    assert one.delete_cluster()
    eventually("it is empty", lambda: one.get_cluster().is_empty())


@case_of("consul")
def a_primary_registers_its_service(_):
    one, _two = pair(register_service=True, service_check_interval="10s")
    scope, client = one._scope, one._client
    assert one.touch_member(member("primary")) is True

    def services():
        return client.catalog.service(scope)[1]

    [service] = eventually("the service", services)
    assert service["ServiceID"] == f"{scope}/one" and service["ServicePort"] == 5432, service
    assert {"primary", "master"} == set(service["ServiceTags"]), service
    assert f"service:{scope}/one" in client.agent.checks()
    assert one.touch_member({**member("primary"), "state": "stopped"}) is True
    eventually("it is gone", lambda: not services())
    one.delete_cluster()


@case_of("consul")
def a_token_is_enough_and_none_is_not(_):
    one = node("one", fresh("pg"), RULED, token=MASTER)
    assert one.attempt_to_acquire_leader()
    one._client.reload_config({})
    assert not one.attempt_to_acquire_leader()
    one._client.reload_config({"token": MASTER})
    assert one.delete_cluster()


@case_of("etcd", "etcd3")
def a_name_and_password_are_enough_and_none_are_not(_):
    scope = fresh("pg")
    one = node("one", scope, RULED, username="root", password=MASTER)
    assert one.attempt_to_acquire_leader()
    two = node("two", scope, RULED)
    assert not two.attempt_to_acquire_leader()
    sees(one, "one")
    assert one.delete_cluster()


@case_of("etcd3")
def a_token_that_is_not_known_any_more_is_replaced(_):
    one = node("one", fresh("pg"), RULED, username="root", password=MASTER)
    one._client._token = "nobody.1"
    assert one.attempt_to_acquire_leader()
    assert one._client._token != "nobody.1"
    one._client.call_rpc("/auth/role/add", {"name": fresh("role")})
    # A change of who may do what makes every token old.
    assert one.update_leader(sees(one, "one"), 1) is True
    assert one.delete_cluster()


def nothing():
    return None


run(nothing)
