"""serfclient 1.2.0 through all of its methods."""

import threading

from serfclient import EnvironmentConfig, SerfClient
from serfclient.connection import SerfConnectionError

from suite import MASTER, PLAIN, RULED, address, case, eventually, fresh, raises, run


def client(text=PLAIN, **more):
    # By default it waits for an answer for three seconds.
    return SerfClient(**address(text), timeout=50, **more)


def told(answer):
    """Its header, as text whatever this msgpack makes of it."""
    return {text(name): text(value) for name, value in answer.head.items()}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain(value):
    """Texts in whatever a body is."""
    if isinstance(value, dict):
        return {text(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


@case
def members_are_listed_and_filtered(it):
    members = plain(it.members().body)["Members"]
    assert any(text(member["Status"]) == "alive" for member in members), members
    found = plain(it.members(status="alive", tags={"role": "plain"}).body)["Members"]
    assert [text(member["Name"]) for member in found] == ["plain"], found
    assert plain(it.members(name="nobody").body)["Members"] == []


@case
def an_event_is_sent(it):
    assert told(it.event("deploy", "v17"))["Error"] == ""
    assert told(it.event("deploy", coalesce=False))["Error"] == ""
    assert "512 bytes" in told(it.event("deploy", "x" * 600))["Error"]


@case
def a_stream_tells_events(it):
    name, stop = fresh("event"), threading.Event()

    def send():
        other = client()
        while not stop.is_set():
            other.event(name, "x", coalesce=False)
            stop.wait(0.1)

    stream = it.stream(f"user:{name}")
    assert told(stream)["Error"] == ""
    # Its generator can't be read: it names what it has not set. What comes is read by another.
    sender = threading.Thread(target=send)
    sender.start()
    received = it.connection._socket.recv(4096)
    stop.set()
    sender.join()
    assert name.encode() in received, received


@case
def an_agent_describes_itself(it):
    stats = plain(it.stats().body)
    assert text(stats["agent"]["name"]) == "plain", stats
    assert text(stats["tags"]["role"]) == "plain" and "members" in stats["serf"], stats


@case
def others_are_joined(it):
    ruled = plain(client(RULED, rpc_auth=MASTER).members().body)["Members"][0]
    host = ".".join(str(byte) for byte in ruled["Addr"]) if len(ruled["Addr"]) == 4 else text(ruled["Addr"])
    # In their profile agents wait for a second only.
    at = f"{host}:{ruled['Port']}"
    eventually("it joins", lambda: plain(client().join(at).body) == {"Num": 1}, within=50)
    eventually("both are there", lambda: len(plain(client().members().body)["Members"]) == 2, within=50)
    refused = client().join(["127.0.0.1:1"])
    assert told(refused)["Error"] and plain(refused.body) == {"Num": 0}, refused


@case
def nobody_is_forced_to_leave(it):
    assert told(it.force_leave("nobody"))["Error"] == ""


@case
def a_wrong_token_is_refused(it):
    wrong = client(RULED, rpc_auth="wrong")
    assert told(wrong.event("x", "y", coalesce=False))["Error"] == "Authentication required"


@case
def a_closed_client_is_used_no_more(it):
    it.close()
    assert it.connection is None
    raises(SerfConnectionError, lambda: client("127.0.0.1:1"))


@case
def the_environment_is_read(it):
    found = EnvironmentConfig()
    assert (found.host, found.port) == ("localhost", 7373), found


run(client)
