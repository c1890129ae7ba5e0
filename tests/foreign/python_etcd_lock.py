"""Holds a lock of python-etcd while a shell command runs: ADDRESS NAME COMMAND."""

import subprocess
import sys

import etcd

ADDRESS, NAME, COMMAND = sys.argv[1:4]
HOST, PORT = ADDRESS.rsplit(":", 1)
lock = etcd.Lock(etcd.Client(host=HOST, port=int(PORT)), NAME)
lock.acquire(lock_ttl=60)
code = subprocess.call(["/bin/sh", "-c", COMMAND])
held = lock.is_acquired
lock.release()
sys.exit(code if held else 3)
