"""Which edits change the digest of a definition. The modules are never imported."""

import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import srbench
from srbench.catalog.source_code.definitions import Definitions
from srbench.catalog.source_code.user_code import UserCode

Digest = Callable[..., str]

F = "def f(x):\n    return g(x)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # statements that decide what a name is
        (F + "if x > 1:\n    g = max\nelse:\n    g = min\n", F + "if x:\n    g = max\n"),
        (F + "for g in [1]:\n    pass\n", F + "for g in [2]:\n    pass\n"),
        (F + "with a as g:\n    pass\n", F + "with b as g:\n    pass\n"),
        (F + "while (g := 1):\n    break\n", F + "while (g := 2):\n    break\n"),
        (F + "match 1:\n    case g:\n        pass\n", F + "match 2:\n    case g:\n        pass\n"),
        (F + "g = 1\ng += 1\n", F + "g = 1\ng += 2\n"),
        (F + "g = []\ng[0] = 1\n", F + "g = []\ng[0] = 2\n"),
        (F + "g = []\ng.append(1)\n", F + "g = []\ng.append(2)\n"),
        (F + "g = 1\ndel g\n", F + "g = 1\n"),
        (F + "g = 1\nchange(g, 1)\n", F + "g = 1\nchange(g, 2)\n"),
        (F + "g: int = 1\n", F + "g: int = 2\n"),
        (F + "g, h = 1, 2\n", F + "g, h = 2, 2\n"),
        (F + "def s():\n    global g\n    g = 1\n", F + "def s():\n    global g\n    g = 2\n"),
        (F + "g = {}\ndef s():\n    g[1] = 1\n", F + "g = {}\ndef s():\n    g[1] = 2\n"),
        (F + "class g: 0\ndef s():\n    g.a = 1\n", F + "class g: 0\ndef s():\n    g.a = 2\n"),
        (F + "g = 1; f.a = 1\n", F + "g = 1; f.a = 2\n"),
        # what a name refers to
        (F + "import math as g\n", F + "import cmath as g\n"),
        (F + "from torch.nn import ReLU as g\n", F + "from torch.nn import GELU as g\n"),
        (F + "from torch.nn import *\n", F + "from torch.nn import *\ng = 1\n"),
        (
            "def f(x):\n    return torch.nn.ReLU()\nimport torch",
            "def f(x):\n    return torch.nn.GELU()\nimport torch",
        ),
        ("if a:\n    f = [x for x in y]\nx = y = 1", "if a:\n    f = [x for x in y]\nx = y = 2"),
        ("f = 1", "f = 1.0"),
        ("f = 1", "f = True"),
        ("f = 1", "f = '1'"),
        ("f = '1'", "f = b'1'"),
        ("f = {**a}", "f = {None: a}"),
        ("f = lambda x, *, y=1: 0", "f = lambda x, *, y: 0"),
        ("f = 1 if a else 2", "f = 2 if a else 1"),
        ("def f(x): return x", "async def f(x): return x"),
        ("def f(x):\n    return g(x)\ng = 1", "def f(x, g):\n    return g(x)\ng = 1"),
    ],
)
def test_an_edit_of_what_a_definition_uses_changes_the_digest(
    digest: Digest, before: str, after: str
) -> None:
    assert digest({"OWN.py": before}) != digest({"OWN.py": after})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import torch.nn as nn\nf = nn.ReLU", "from torch import nn\nf = nn.ReLU"),
        ("from torch.nn import ReLU as R\nf = R()", "import torch\nf = torch.nn.ReLU()"),
        (
            "def f():\n    from torch import nn\n    return nn",
            "import torch\ndef f():\n    return torch.nn",
        ),
        ("import math, torch\nf = torch", "import torch\nimport math\nf = torch"),
        # a function's own names are not the module's
        ("def f(g): return g\ng = 1", "def f(g): return g\ng = 2"),
        ("def f(x):\n    g = x\n    return g\ng = 1", "def f(x):\n    g = x\n    return g\ng = 2"),
        ("def f(*g, **h): return g, h\ng = h = 1", "def f(*g, **h): return g, h\ng = h = 2"),
        ("f = lambda g: g\ng = 1", "f = lambda g: g\ng = 2"),
        ("f = [g for g in 'a']\ng = 1", "f = [g for g in 'a']\ng = 2"),
        ("def f(g):\n    return lambda: g\ng = 1", "def f(g):\n    return lambda: g\ng = 2"),
        # what the definition does not use
        ("f = 1\ng = [f]", "f = 1\ng = [f, 2]"),
        ("import logging as l\nf = 1\nl.info(2)", "import logging as l\nf = 1\nl.info(3)"),
        (
            "log = 1\ndef f(): log.info(1)\ndef g(): log.info(1)",
            "log = 1\ndef f(): log.info(1)\ndef g(): log.info(2)",
        ),
        ("f = f'a{1}' 'b'", "f = f'a{1}b'"),
        ("f = 1_000", "f = 0x3e8"),
        ("f = 'a' 'b'", "f = 'ab'"),
        ("if __name__ == '__main__':\n    f = 1\nelse:\n    f = 2", "f = 2"),
    ],
)
def test_an_edit_of_anything_else_keeps_the_digest(digest: Digest, before: str, after: str) -> None:
    assert digest({"OWN.py": before}, is_plain=True) == digest({"OWN.py": after}, is_plain=True)


@pytest.mark.parametrize(
    ("code", "file", "before", "after"),
    [
        ("from OWN_a import g as f", "OWN_a.py", "g = 1", "g = 2"),
        ("import OWN_a\nf = OWN_a.g.h", "OWN_a.py", "g = 1", "g = 2"),
        ("import OWN_p.a\nf = OWN_p.a.g", "OWN_p/a.py", "g = 1", "g = 2"),
        ("import OWN_p.a as b\nf = b.g", "OWN_p/a.py", "g = 1", "g = 2"),
        ("from OWN_p import a\nf = a.g", "OWN_p/a.py", "g = 1", "g = 2"),
        ("from OWN_p import g\nf = g", "OWN_p/a.py", "g = 1", "g = 2"),
        ("from OWN_p import h\nf = h", "OWN_p/a.py", "g = 1", "g = 2"),
        ("import OWN_p\nf = getattr(OWN_p, 'g')", "OWN_p/a.py", "g = 1", "g = 2"),
        ("import OWN_a\nf = vars(OWN_a)", "OWN_a.py", "g = h = 1", "g = h = 2"),
        ("import OWN_a\nf = vars(OWN_a)", "OWN_a.py", "from torch import nn", "import torch as nn"),
        ("from OWN_a import made\nf = made", "OWN_a.py", "exec('made = 1')", "exec('made = 2')"),
        ("if TYPE_CHECKING:\n    from OWN_a import g\nf = [g]", "OWN_a.py", "g = 1", "g = 2"),
        ("from OWN_a import f", "OWN_a.py", "from OWN import f\nf = 1", "from OWN import f\nf = 2"),
    ],
)
def test_an_edit_in_another_file_changes_the_digest(
    digest: Digest, code: str, file: str, before: str, after: str
) -> None:
    package = {
        "OWN_p/__init__.py": "from . import a\nfrom .a import g\nfrom .b import *\n",
        "OWN_p/a.py": "g = 0",
        "OWN_p/b.py": "from OWN_p.a import g as h\n",
    }
    first, again, second = (
        digest({"OWN.py": code, **package, file: x}) for x in (before, before, after)
    )
    assert first == again
    assert first != second


def test_swapping_two_modules_changes_the_digest(digest: Digest) -> None:
    files = {"OWN_a.py": "def g(): return 1", "OWN_b.py": "def g(): return 2"}
    code = "import OWN_a as a, OWN_b as b\nf = [{}.g, {}.g]"
    one, two = (files | {"OWN.py": code.format(*names)} for names in ("ab", "ba"))
    assert digest(one, is_plain=True) != digest(two)


def test_definitions_may_need_each_other(digest: Digest) -> None:
    other = "from OWN import f\ndef g(x): return f(x) + {}"
    first, again, second = (
        digest({"OWN.py": "from OWN_a import g\n" + F, "OWN_a.py": other.format(n)})
        for n in (1, 1, 2)
    )
    assert first == again
    assert first != second


@pytest.mark.parametrize(
    ("folder", "is_own"), [(".", True), ("lib/site-packages", False), ("dist-packages", False)]
)
def test_an_installed_package_is_read_only_if_it_is_asked_for(
    digest: Digest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, is_own: bool
) -> None:
    name = f"installed_{Path(folder).name.strip('.-')}"[:13]
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / f"{name}.py").write_text("g = 1")
    monkeypatch.syspath_prepend(tmp_path / folder)
    assert UserCode(frozenset({"other"})).has(name) is is_own
    assert UserCode(frozenset({name})).has(name)
    one, two = (digest({"OWN.py": f"f = {n}"}, folder=folder) for n in (1, 2))
    assert one != two


@pytest.mark.parametrize("name", ["OWN_a.so", "OWN_a.pyc"])
def test_a_module_without_python_source_counts_by_its_bytes(digest: Digest, name: str) -> None:
    suffix = f".{sysconfig.get_config_var('SOABI')}.so" if name.endswith("so") else ".pyc"
    file = f"OWN_a{suffix}"
    code = "from OWN_a import g\nf = g"
    first, again, second = (digest({"OWN.py": code, file: content}) for content in "112")
    assert first == again
    assert first != second


SAMPLE = '''
import torch
from torch import nn

@torch.no_grad()
class f(nn.Module, metaclass=type):
    """A docstring."""

    a: int = 1

    def g(self, x, /, y=1.5, *z, k: "int" = -2j, **more) -> None:
        """Another."""
        text = f"a{x!r:>{y}}b" "c" f"{y=}{z:}" rf"\\d{x:%H:%M}" f""
        try:
            return [i async for i in x if i] or {**more, "é": b"\\xff", None: ...}
        except* (ValueError, TypeError) as error:
            raise error from None
        finally:
            match x:
                case {"a": [1, *rest], **kept} | nn.ReLU(inplace=True) as whole:
                    del rest, kept
                case _ if (y := 3) is not None:
                    assert y, "no"

    lazy = lambda self, *, key=None: (yield key)
'''


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (SAMPLE, "955ee08f430a963b283d88e4bcd2bf70fae9c65555c79fa8713115fdb04b6153"),
        # a whole module
        (
            SAMPLE + '\nexec("")\n',
            "a8531246018a8fc5c575d199e55236fd69e55f71bf98a59dca34d4a4b1fb347b",
        ),
    ],
)
def test_the_digest_is_the_same_on_every_python(digest: Digest, code: str, expected: str) -> None:
    """Calculated once, on 3.11; 3.12 and 3.13 split f-strings differently, and add fields."""
    assert digest({"OWN.py": code}) == expected


def test_srbenchs_networks_and_blocks_are_plain() -> None:
    package = Path(srbench.__file__).parent
    modules = [
        f"srbench.{folder}.{file.stem}"
        for folder in ("backbones", "blocks")
        for file in (package / folder).glob("[!_]*.py")
    ]
    definitions = Definitions(UserCode(frozenset({"srbench"})))
    assert [name for name in modules if not definitions.are_plain([name])] == []
