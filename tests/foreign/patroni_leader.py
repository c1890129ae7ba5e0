"""Patroni 4: its own Consul code holds a leader key, loses its session, and leads again."""

import time

from patroni.dcs.consul import Consul
from patroni.postgresql.mpp import Null

from suite import MASTER, PLAIN, RULED, case, eventually, fresh, run

TTL = 20


def node(name, scope, host=PLAIN, **more):
    """One PostgreSQL's view of the cluster `scope`."""
    config = {"host": host, "scope": scope, "name": name, "namespace": "/service", "ttl": TTL,
              "loop_wait": 1, "retry_timeout": 10, **more}
    dcs = Consul(config, Null())
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
    assert one.touch_member(member(one)) and two.touch_member(member(two))
    assert one.attempt_to_acquire_leader() is True
    assert two.attempt_to_acquire_leader() is False
    cluster = two.get_cluster()
    assert (cluster.leader.name, cluster.initialize) == ("one", "7"), cluster
    assert sorted(m.name for m in cluster.members) == ["one", "two"]
    assert cluster.leader.session == one._session
    assert one.update_leader(cluster, 1234) is True
    assert two.get_cluster().status.last_lsn == 1234
    assert one.delete_leader(one.get_cluster().leader) is True
    assert two.attempt_to_acquire_leader() is True
    assert leader_of(one) == "two"
    assert one.delete_cluster() is True


@case
def a_leader_whose_session_is_destroyed_leads_again(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.touch_member(member(one)) and one.attempt_to_acquire_leader() is True
    before = one._session
    assert one._client.session.destroy(before) is True
    # Behaviour `delete`: leader key and member key are gone with the session.
    assert leader_of(one) is None and one.get_cluster().members == []
    one._last_session_refresh = 0
    time.sleep(0.01)  # the session's lock-delay is a millisecond
    assert one.attempt_to_acquire_leader() is True
    assert one._session != before and leader_of(two) == "one"
    assert one.touch_member(member(one, "primary"))
    assert one.update_leader(one.get_cluster(), 1) is True
    assert two.attempt_to_acquire_leader() is False
    one.delete_cluster()


@case
def a_leader_who_does_not_know_that_its_session_is_gone_regains_the_key(_):
    scope = fresh("pg")
    one = node("one", scope)
    assert one.attempt_to_acquire_leader() is True
    before = one._session
    assert one._client.session.destroy(before) is True
    # Its session counts as fresh, so it is not renewed: the server's refusal tells.
    one._last_session_refresh = time.time()
    time.sleep(0.01)
    assert one.attempt_to_acquire_leader() is True
    assert one._session != before
    assert one.get_cluster().leader.session == one._session
    one.delete_cluster()


@case
def a_leader_that_stops_renewing_loses_to_another_and_does_not_get_it_back(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    cluster = one.get_cluster()

    def taken():
        return two.attempt_to_acquire_leader() is True

    # Consul gives a session twice its TTL, which Patroni halves for that.
    eventually("the session expires", taken, within=3 * TTL)
    assert leader_of(one) == "two"
    one._last_session_refresh = 0
    assert one.attempt_to_acquire_leader() is False
    assert not one.update_leader(cluster, 5) or leader_of(one) == "two"
    two.delete_cluster()


@case
def a_watch_of_the_leader_wakes_when_the_leader_goes(_):
    scope = fresh("pg")
    one, two = node("one", scope), node("two", scope)
    assert one.attempt_to_acquire_leader() is True
    leader = two.get_cluster().leader
    assert two.watch(leader.version, 1) is True  # the first one after a change of the TTL
    start = time.monotonic()
    assert two.watch(leader.version, 1) is False and time.monotonic() - start >= 0.95
    assert one.delete_leader(one.get_cluster().leader) is True
    start = time.monotonic()
    assert two.watch(leader.version, 20) is True and time.monotonic() - start < 10
    two.delete_cluster()


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
    assert one.set_sync_state_value('{"leader":"one"}')
    assert one.delete_cluster() is True
    assert one.get_cluster().is_empty()


@case
def a_primary_registers_its_service(_):
    scope = fresh("pg")
    one = node("one", scope, register_service=True, service_check_interval="10s")
    assert one.touch_member(member(one, "primary")) is True
    client = one._client

    def services():
        return client.catalog.service(scope)[1]

    [service] = eventually("the service", services)
    assert service["ServiceID"] == f"{scope}/one" and service["ServicePort"] == 5432, service
    assert {"primary", "master"} == set(service["ServiceTags"]), service
    assert f"service:{scope}/one" in client.agent.checks()
    assert one.touch_member({**member(one, "primary"), "state": "stopped"}) is True
    eventually("it is gone", lambda: not services())
    one.delete_cluster()


@case
def a_token_is_enough_and_none_is_not(_):
    scope = fresh("pg")
    one = node("one", scope, RULED, token=MASTER)
    assert one.attempt_to_acquire_leader() is True
    one._client.reload_config({})
    assert not one.attempt_to_acquire_leader()
    one._client.reload_config({"token": MASTER})
    assert one.delete_cluster() is True


def nothing():
    return None


run(nothing)
