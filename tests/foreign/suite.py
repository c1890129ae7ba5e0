"""Runs named cases against a server and tells how each went, for tests/tests/foreign/python.rs.

A script gets the addresses (host:port) of a server without access rules and of one with them, and
the master token of the latter. It prints `ok NAME` or `FAILED NAME` for each case, the reasons of
failures, and at last `N passed, M failed`; it exits with 1 if any failed.
"""

import contextlib
import sys
import threading
import time
import traceback
import uuid

PLAIN, RULED, MASTER = sys.argv[1:4]
PREFIX = f"foreign/{uuid.uuid4()}"
CASES = []


def case(function):
    """Adds a case: a function of a client of the plain server."""
    CASES.append(function)
    return function


def address(text):
    """host:port as a client takes them."""
    host, port = text.rsplit(":", 1)
    return {"host": host, "port": int(port)}


def key(name):
    """A key of this run alone."""
    return f"{PREFIX}/{name}"


def fresh(name):
    """A name that nothing else has, without slashes."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def eventually(what, probe, within=50):
    """Asks until `probe` gives something true, and gives that."""
    end = time.monotonic() + within
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)


def later(function, seconds=0.2):
    """Calls `function` on a thread after a while."""
    timer = threading.Timer(seconds, function)
    timer.start()
    return timer


@contextlib.contextmanager
def meanwhile(function, seconds=0.2):
    """Calls `function` on a thread again and again: who waits for a change may begin late to wait."""
    done = threading.Event()

    def work():
        while not done.wait(seconds):
            function()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def raises(kind, function):
    """Calls `function`, which must raise `kind`, and gives what it raised."""
    try:
        result = function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}, but {result!r}")


def run(client):
    """Runs every case with a client from `client()`."""
    passed = failed = 0
    for function in CASES:
        try:
            function(client())
            passed += 1
            print(f"ok {function.__name__}")
        except Exception:  # every failure is reported, and counted
            failed += 1
            print(f"FAILED {function.__name__}")
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
