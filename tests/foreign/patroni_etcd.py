"""Patroni 4: its own etcd v2 code holds a leader key, loses it, and leads again."""

import time

import etcd
from patroni.dcs.etcd import Etcd
from patroni.postgresql.mpp import Null

from suite import MASTER, PLAIN, RULED, case, eventually, fresh, later, run

TTL = 20


def node(name, scope, host=PLAIN, ttl=TTL, **more):
    """One PostgreSQL's view of the cluster `scope`."""
    config = {"host": host, "scope": scope, "name": name, "namespace": "/service", "ttl": ttl,
              "loop_wait": 1, "retry_timeout": 10, **more}
    dcs = Etcd(config, Null())
    dcs.set_retry_timeout(10)
    return dcs


def leader_of(dcs):
    leader = dcs.get_cluster().leader
    return leader and leader.name


def member(dcs, role="replica"):
    """What a node tells of itself."""
    url = "postgres://127.0.0.1:5432/postgres"
    api = "http://127.0.0.1:8008/patroni"
    return {"conn_url": url, "api_url": api, "state": "running", "role": role, "version": "4.1.5"}


@case
def one_of_two_leads_and_the_other_does_not(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.initialize(create_new=True, sysid="7") is True
    assert two.initialize(create_new=True, sysid="8") is False
    assert one.initialize(create_new=False, sysid="7") is True
    assert one.touch_member(member(one)) and two.touch_member(member(two))
    assert one.attempt_to_acquire_leader() is True
    assert two.attempt_to_acquire_leader() is False
    cluster = two.get_cluster()
    assert (cluster.leader.name, cluster.initialize) == ("one", "7"), cluster
    assert sorted(m.name for m in cluster.members) == ["one", "two"]
    assert 0 < cluster.leader.session <= TTL
    assert one.update_leader(cluster, 1234) is True
    assert not two.update_leader(cluster, 5)
    assert two.get_cluster().status.last_lsn == 1234
    assert not two.delete_leader(two.get_cluster().leader) or leader_of(two) == "one"
    assert one.delete_leader(one.get_cluster().leader) is True
    assert two.attempt_to_acquire_leader() is True
    assert leader_of(one) == "two"
    assert one.delete_cluster() is True


@case
def a_leader_is_taken_by_force(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    assert two.take_leader()
    assert leader_of(one) == "two"
    assert not one.update_leader(one.get_cluster(), 1)
    two.delete_cluster()


@case
def a_leader_whose_key_is_deleted_leads_again(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    one._client.delete(one.leader_path)
    assert leader_of(two) is None
    # An update of a key that is gone acquires it.
    assert one.update_leader(two.get_cluster(), 1) is True
    assert leader_of(two) == "one"
    one.delete_cluster()


@case
def a_leader_that_stops_renewing_loses_to_another(_):
    scope = fresh("pg")
    one, two = node("one", scope, ttl=2), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    cluster = one.get_cluster()
    begun = time.monotonic()
    assert one.update_leader(cluster, 1) is True
    eventually("the key expires", lambda: two.attempt_to_acquire_leader() is True)
    assert time.monotonic() - begun > 1.9
    assert leader_of(one) == "two"
    assert one.attempt_to_acquire_leader() is False
    assert not one.update_leader(cluster, 5)
    two.delete_cluster()


@case
def a_watch_of_the_leader_wakes_when_the_leader_changes(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    leader = two.get_cluster().leader
    start = time.monotonic()
    assert two.watch(leader.version, 1) is False and time.monotonic() - start >= 0.95
    timer = later(lambda: one.update_leader(one.get_cluster(), 5))
    assert two.watch(leader.version, 20) is True
    timer.join()
    leader = two.get_cluster().leader
    timer = later(lambda: one.delete_leader(one.get_cluster().leader))
    assert two.watch(leader.version, 20) is True and time.monotonic() - start < 20
    timer.join()
    assert leader_of(two) is None
    two.delete_cluster()


@case
def a_watch_of_a_leader_from_long_ago_ends_at_once(_):
    scope = fresh("pg")
    one = node("one", scope)
    assert one.attempt_to_acquire_leader() is True
    version = one.get_cluster().leader.version
    client = one._client
    for _ in range(1005):
        client.write(f"/service/{scope}/noise", "1")
    start = time.monotonic()
    assert one.watch(version, 20) is True and time.monotonic() - start < 10
    one.delete_cluster()


@case
def settings_failovers_and_histories_are_kept(_):
    scope = fresh("pg")
    one = node("one", scope)
    assert one.set_config_value('{"ttl":20}') is True
    config = one.get_cluster().config
    assert config.data == {"ttl": 20}
    assert one.set_config_value('{"ttl":30}', config.version) is True
    assert one.set_config_value('{"ttl":40}', config.version) is False
    assert one.set_history_value("[[1,2,\"x\"]]") is True
    assert one.manual_failover("one", "two") is True
    cluster = one.get_cluster()
    assert cluster.config.data == {"ttl": 30} and cluster.history.lines[0][0] == 1
    assert (cluster.failover.leader, cluster.failover.candidate) == ("one", "two")
    version = one.set_sync_state_value('{"leader":"one"}')
    assert version and not one.delete_sync_state(version - 1)
    assert one.delete_sync_state(version)
    assert one.cancel_initialization() is False
    assert one.delete_cluster() is True
    assert one.get_cluster().is_empty()


@case
def a_name_and_password_are_enough_and_none_are_not(_):
    scope = fresh("pg")
    one = node("one", scope, RULED, username="root", password=MASTER)
    assert one.attempt_to_acquire_leader() is True
    two = node("two", scope, RULED)
    assert not two.attempt_to_acquire_leader()
    assert leader_of(one) == "one"
    assert one.delete_cluster() is True


def nothing():
    return None


run(nothing)
