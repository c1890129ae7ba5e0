"""serf-python 0.2.2 through all of its commands, as its document shows them."""

import threading

import python2

python2.allow("serf")

import serf
from serf import _exceptions, connection

from suite import MASTER, PLAIN, RULED, case, eventually, fresh, raises, run

# By default it waits for an answer for two seconds. It waits for one that never comes, too, once.
TIMEOUT = 10
# By then everything has happened, whatever else the machine does.
PATIENCE = 50


class Callbacks(dict):
    """What connections copy, so that each has lists of its own: the package shares them."""

    def copy(self):
        return dict(connection_lost=[], disconnected=[])


connection.Connection._callbacks = Callbacks()


def client(hosts=PLAIN, **more):
    return serf.Client(hosts, **more)


def noted(responses):
    """A callback that keeps the answers."""
    return lambda response: responses.append(response)


def ask(it, command, **body):
    """The answer to one command."""
    responses = []
    getattr(it, command)(**body).add_callback(noted(responses)).request(timeout=TIMEOUT)
    assert len(responses) == 1, responses
    return responses[0]


@case
def a_client_connects_and_disconnects(it):
    it.connect()
    assert not it._conn.disconnected
    it.disconnect()
    assert it._conn.disconnected


@case
def hosts_are_tried_one_after_the_other(it):
    several = client(f"127.0.0.1:1,{PLAIN}")
    assert ask(several, "members").is_success


@case
def a_host_may_have_a_token(it):
    assert ask(client(f"serf://{RULED}?AuthKey={MASTER}"), "members").is_success


@case
def a_handshake_is_made(it):
    answer = ask(it, "handshake")
    assert answer.is_success and answer.header == {"Error": "", "Seq": 0}, answer


@case
def a_token_is_shown(it):
    it = client(RULED)
    answer = ask(it, "auth", AuthKey=MASTER)
    assert answer.is_success and answer.seq == 1 and answer.body is None, answer
    assert ask(it, "members").is_success


@case
def a_wrong_token_is_refused(it):
    it = client(RULED)
    raises(serf.AuthenticationError, lambda: it.auth(AuthKey="wrong").request(timeout=TIMEOUT))


@case
def a_command_without_a_token_is_refused(it):
    answer = ask(client(RULED), "members")
    assert answer.error == "Authentication required" and not answer.is_success, answer


@case
def an_event_is_sent(it):
    answer = ask(it, "event", Name="deploy", Payload="v17", Coalesce=True)
    assert answer.is_success and answer.error == "" and answer.body is None, answer


@case
def members_are_listed_and_filtered(it):
    members = ask(it, "members").body["Members"]
    mine = [member for member in members if member["Status"] == "alive"][0]
    for name in ["Addr", "DelegateCur", "DelegateMax", "DelegateMin", "Name", "Port", "ProtocolCur",
                 "ProtocolMax", "ProtocolMin", "Status", "Tags"]:
        assert name in mine, mine
    assert mine["Addr"] == [127, 0, 0, 1], mine
    found = ask(it, "members", Status="alive", Tags={"role": "plain"}).body["Members"]
    assert [member["Tags"]["role"] for member in found] == ["plain"], found
    assert ask(it, "members", Name="nobody").body["Members"] == []


@case
def tags_are_set_and_deleted(it):
    assert ask(it, "tags", Tags={"critical": "yes"}, DeleteTags=()).is_success
    assert ask(it, "members", Tags={"critical": "yes"}).body["Members"]
    assert ask(it, "tags", Tags={"other": "1"}, DeleteTags=("critical",)).is_success
    assert not ask(it, "members", Tags={"critical": "yes"}).body["Members"]


@case
def a_stream_tells_events_until_its_callback_has_enough(it):
    name, seen = fresh("event"), []

    def told(response):
        if response.body and response.body.get("Name") == name:
            seen.append(response.body)
            raise _exceptions.StopReceiveData

    stop = threading.Event()

    def send():
        other = client()
        while not stop.is_set():
            ask(other, "event", Name=name, Payload="x", Coalesce=False)
            stop.wait(0.1)

    sender = threading.Thread(target=send)
    sender.start()
    it.stream(Type=f"user:{name}").add_callback(told).watch()
    stop.set()
    sender.join()
    event = seen[0]
    assert event["Event"] == "user" and event["Payload"] in (b"x", "x"), event
    assert event["Coalesce"] is False and event["LTime"] > 0, event


@case
def a_monitor_tells_the_log(it):
    lines = []

    def told(response):
        if response.body:
            lines.append(response.body["Log"])
            raise _exceptions.StopReceiveData

    it.monitor(LogLevel="DEBUG").add_callback(told).watch()
    assert "[" in lines[0], lines


@case
def a_stream_is_stopped(it):
    answer = ask(it, "stop", Stop=77)
    assert answer.is_success, answer


@case
def others_are_joined(it):
    ruled = ask(client(f"serf://{RULED}?AuthKey={MASTER}"), "members").body["Members"][0]
    address = ".".join(map(str, ruled["Addr"])) + f":{ruled['Port']}"
    # In their profile agents wait for a second only.
    eventually(
        "it joins",
        lambda: ask(it, "join", Existing=(address,), Replay=False).body == {"Num": 1},
        within=PATIENCE,
    )
    eventually("both are there", lambda: len(ask(it, "members").body["Members"]) == 2, within=PATIENCE)
    refused = ask(it, "join", Existing=("127.0.0.1:1",), Replay=True)
    assert not refused.is_success and refused.error, refused


@case
def a_query_is_asked_and_answered(it):
    name = fresh("query")

    def answer(ready):
        other = client()

        def told(response):
            if response.body and response.body.get("Event") == "query":
                body = response.body
                # On its own connection, as its document has it.
                other._request(
                    other._get_request_class("respond")(ID=body["ID"], Payload="here").check(other)
                )
                raise _exceptions.StopReceiveData
            ready.set()

        other.stream(Type=f"query:{name}").add_callback(told).watch()

    def asked():
        got = []
        it.query(Name=name, Payload="why", RequestAck=True, Timeout=1_000_000_000).add_callback(
            lambda response: got.append(response.body)
        ).request(timeout=TIMEOUT)
        kinds = [body["Type"] for body in got if body]
        assert kinds[-1] == "done", got
        said = [body for body in got if body and body["Type"] == "response"]
        return said if "ack" in kinds else []

    def answered():
        ready, said = threading.Event(), []
        thread = threading.Thread(target=answer, args=(ready,))
        thread.start()
        ready.wait(PATIENCE)
        # It ends with the first question that it is told of.
        while thread.is_alive():
            said = asked()
            thread.join(1)
        return said

    # On a loaded machine an answer may come too late.
    said = eventually("it is answered", answered, within=PATIENCE)
    assert said[0]["Payload"] in (b"here", "here") and said[0]["From"], said


@case
def commands_are_chained(it):
    responses = []
    note = noted(responses)
    chain = it.members().add_callback(note).tags(Tags={"chained": "1"}, DeleteTags=()).add_callback(note)
    chain.request(timeout=TIMEOUT)
    assert [response.is_success for response in responses] == [True, True], responses


@case
def a_client_of_a_with_statement_is_disconnected(it):
    with client() as used:
        assert ask(used, "members").is_success
    assert used._conn.disconnected


@case
def it_disconnects_after_its_answers(it):
    responses = []
    # What it does after that fails, with every server: it has forgotten the request.
    chain = it.members().add_callback(noted(responses)).disconnect(wait=True)
    raises(KeyError, lambda: chain.request(timeout=TIMEOUT))
    assert responses[0].is_success and it._conn.disconnected


@case
def nobody_is_forced_to_leave(it):
    assert ask(it, "force_leave", Node="nobody").is_success


@case
def an_agent_leaves(it):
    # The last one: the other agent is gone then.
    answer = ask(client(f"serf://{RULED}?AuthKey={MASTER}"), "leave")
    assert answer.is_success, answer


run(client)
