"""Imports a package that was written for Python 2 alone: its files are read with what Python 3 calls
otherwise replaced. Nothing else of them is changed."""

import builtins
import importlib.abc
import importlib.machinery
import re
import sys

# Names that are not there any more, and functions that gave lists.
PRELUDE = """\
import builtins as _builtins, urllib.parse as urlparse
from urllib import parse as urllib
unicode, long = str, int
def map(*a): return list(_builtins.map(*a))
def filter(*a): return list(_builtins.filter(*a))
"""

CHANGES = [
    (r"except (.+), (\w+) :", r"except \1 as \2 :"),
    (r"^import (urlparse|urllib)$", ""),
    (r"\bstring\.(strip|capitalize)\b", r"str.\1"),
    (r"\.next\(\)", ".__next__()"),
    (r"self\._received_headers\.values\(\)", "list(self._received_headers.values())"),
    (r"\(use_list=True, \)", "(use_list=True, raw=False, )"),
    # What Python 2 has in one type: text, and bytes that are sent.
    (r"\bstr\(request, \)", "request.__str__()"),
    (r"if body else ''\)", "if body else b'')"),
]


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] != self.package:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, name):
        text = self.get_data(self.path).decode()
        for old, new in CHANGES:
            text = re.sub(old, new, text, flags=re.MULTILINE)
        return builtins.compile(PRELUDE + text, self.path, "exec", dont_inherit=True)


def allow(package):
    """From now on `import package` reads Python 2."""
    sys.meta_path.insert(0, Finder(package))
