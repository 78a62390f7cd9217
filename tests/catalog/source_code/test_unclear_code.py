"""Code that has to run before it is known what a name stands for: every edit of it is noticed.

The cases come from attempts to make an edit that goes unnoticed.
"""

from collections.abc import Callable

import pytest

Digest = Callable[..., str]
Files = dict[str, str]
Case = tuple[Files, str, str, str]

BLOCK = "class Block:\n    def __init__(self, c):\n        self.k = {}\n"
CFG = {"OWN_cfg.py": "K = 1\n"}


def of(value: str, before: str = "", after: str = "", **others: str) -> Files:
    """A block made with a value, the code before and after it, and other files."""
    files = {f"OWN_{name}.py": text for name, text in others.items()}
    return {"OWN.py": f"{before}\n{BLOCK.format(value)}\n{after}\n"} | files


def in_constructor(body: str, **others: str) -> Files:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    head = "class Block:\n    def __init__(self, c):\n"
    return {"OWN.py": head + lines} | {f"OWN_{name}.py": text for name, text in others.items()}


REGISTRY = "class Registry:\n    def __init__(self):\n        self.d = {}\n"
REGISTRY += "    def register(self, f):\n        self.d[f.__name__] = f\n        return f\n"
REGISTRY += "BLOCKS = Registry()\n"
REGISTERED = "@BLOCKS.register\ndef conv(c):\n    return c * 1\n"
LIB = "D = {}\ndef reg(n):\n    def put(f):\n        D[n] = f\n        return f\n    return put\n"
LIB += "def build(n):\n    return D[n]()\n"
PACKAGE = {"OWN/__init__.py": "", "OWN/parts/__init__.py": "", "OWN/parts/one.py": "K = 1\n"}

CASES: dict[str, Case] = {
    # star imports
    "star import over a default": (
        of("K", "K = 0\nfrom OWN_cfg import *", cfg="K = 1"),
        "OWN_cfg.py",
        "1",
        "3",
    ),
    "star import if the module exists": (
        of(
            "K",
            "K = 0\ntry:\n    from OWN_cfg import *\nexcept ImportError:\n    pass",
            cfg="K = 1",
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "two star imports": (
        of(
            *("K", "from OWN_a import *\nfrom OWN_b import *"),
            a="K = 1",
            b="__all__ = ['L']\nK = 5\nL = 6",
        ),
        *("OWN_a.py", "1", "3"),
    ),
    # registries
    "registry, in its own file": (
        of('BLOCKS.d["conv"](c)', "from OWN_reg import BLOCKS\n" + REGISTERED, reg=REGISTRY),
        *("OWN.py", "c * 1", "c * 3"),
    ),
    "registry, in the library": (
        of(
            "build('ker')",
            "from OWN_lib import build",
            lib=LIB + "@reg('ker')\ndef k(): return 1\n",
        ),
        *("OWN_lib.py", "return 1", "return 3"),
    ),
    "registry, in three files": (
        of(
            *("BLOCKS.d['conv'](c)", "import OWN_ops\nfrom OWN_reg import BLOCKS"),
            reg=REGISTRY,
            ops="from OWN_reg import BLOCKS\n" + REGISTERED,
        ),
        *("OWN_ops.py", "c * 1", "c * 3"),
    ),
    "a class from a registry": (
        {
            "OWN_reg.py": REGISTRY,
            "OWN.py": "from OWN_reg import BLOCKS\n" + REGISTERED + "Block = BLOCKS.d['conv']",
        },
        *("OWN.py", "c * 1", "c * 3"),
    ),
    "a foreign registry": (
        of(
            *("timm.create_model('conv')", "import timm\nfrom timm.models import register_model"),
            after="@register_model\ndef conv(c):\n    return 1",
        ),
        *("OWN.py", "return 1", "return 3"),
    ),
    "registered by __init_subclass__": (
        of(
            "Base.kinds[0].k",
            "class Base:\n    kinds = []\n    def __init_subclass__(cls):\n"
            "        Base.kinds.append(cls)\nclass One(Base):\n    k = 1",
        ),
        *("OWN.py", "k = 1", "k = 3"),
    ),
    "found in __subclasses__": (
        of("Base.__subclasses__()[0].k", "class Base:\n    pass\nclass One(Base):\n    k = 1"),
        *("OWN.py", "k = 1", "k = 3"),
    ),
    "registered by a method that appends": (
        of(
            "ALL[0]()",
            "ALL = []\nclass Reg:\n    @staticmethod\n    def add(f):\n"
            "        ALL.append(f)\n        return f\n@Reg.add\ndef k():\n    return 1",
        ),
        *("OWN.py", "return 1", "return 3"),
    ),
    "registered by __class_getitem__": (
        of(
            "ALL[0]",
            "ALL = []\nclass Reg:\n    def __class_getitem__(cls, k):\n"
            "        ALL.append(k)\n_ = Reg[1]",
        ),
        *("OWN.py", "Reg[1]", "Reg[3]"),
    ),
    "registered by a sort key": (
        of("V[0]", "V = []\ndef put(k):\n    v = V\n    v.append(1)\n_ = sorted([1], key=put)"),
        *("OWN.py", "append(1)", "append(3)"),
    ),
    "by map": (of("ALL[0]", "ALL = []\n_ = list(map(ALL.append, [1]))"), "OWN.py", "[1]", "[3]"),
    # imports in functions and classes
    "imported in a function, with a fallback": (
        in_constructor(
            "try:\n    from OWN_cfg import k\nexcept ImportError:\n    k = 1\nself.k = k",
            cfg="k = 1",
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "an imported name is bound again": (
        in_constructor(
            "import OWN_cfg as cfg\ncfg = cfg.Cfg()\nself.k = cfg.k", cfg="class Cfg:\n    k = 1"
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "a foreign name is bound again": (
        in_constructor("from torch.nn import ReLU as a\na = a()\nself.k = a"),
        *("OWN.py", "ReLU", "GELU"),
    ),
    "imported in a class": (
        {"OWN.py": "class Block:\n    from OWN_cfg import K\n"} | CFG,
        "OWN_cfg.py",
        "1",
        "3",
    ),
    # modules imported by their names
    "importlib in a constructor": (
        in_constructor(
            "import importlib\nself.k = importlib.import_module('OWN_cfg').K", cfg="K = 1"
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "importlib in the module": (
        of("CFG.K", "import importlib\nCFG = importlib.import_module('OWN_cfg')", cfg="K = 1"),
        *("OWN_cfg.py", "1", "3"),
    ),
    "__import__": (of("__import__('OWN_cfg').K", cfg="K = 1"), "OWN_cfg.py", "1", "3"),
    "pydoc": (of("pydoc.locate('OWN_cfg').K", "import pydoc", cfg="K = 1"), "OWN_cfg.py", "1", "3"),
    "by the name of an attribute": (
        of("locate('OWN_cfg.K')", "from pydoc import locate", cfg="K = 1"),
        "OWN_cfg.py",
        "1",
        "3",
    ),
    "by an installed package": (
        of(
            "instantiate({'_target_': 'OWN_cfg.K'})",
            "from hydra.utils import instantiate",
            cfg="K = 1",
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "__getattr__ of a module": (
        of(
            *("OWN_lazy.cfg.K", "import OWN_lazy"),
            lazy="from importlib import import_module\ndef __getattr__(name):\n"
            "    return import_module('OWN_cfg')",
            cfg="K = 1",
        ),
        *("OWN_cfg.py", "1", "3"),
    ),
    "pkgutil": (
        {
            **PACKAGE,
            "OWN/net.py": "import pkgutil\nfrom importlib import import_module\n"
            "import OWN.parts as p\nALL = [import_module(p.__name__ + '.' + m.name) for m in "
            "pkgutil.iter_modules(p.__path__)]\n" + BLOCK.format("ALL[0].K"),
        },
        *("OWN/parts/one.py", "1", "3"),
    ),
    "a composed name": (
        {
            **PACKAGE,
            "OWN/net.py": "from importlib import import_module\n"
            + BLOCK.format("import_module(f'OWN.parts.{c}').K"),
        },
        *("OWN/parts/one.py", "1", "3"),
    ),
    "in a folder without __init__": (
        {
            "OWN/parts/one.py": "K = 1\n",
            "OWN/net.py": "from importlib import import_module\n"
            + BLOCK.format("import_module(f'OWN.parts.{c}').K"),
        },
        *("OWN/parts/one.py", "1", "3"),
    ),
    "a relative name": (
        {
            **PACKAGE,
            "OWN/net.py": "from importlib import import_module\n"
            + BLOCK.format("import_module('.parts.one', __package__).K"),
        },
        *("OWN/parts/one.py", "1", "3"),
    ),
    "a module of a package by getattr": (
        {
            **PACKAGE,
            "OWN/net.py": "import OWN.parts, OWN.parts.one\n"
            + BLOCK.format("getattr(OWN.parts, 'one').K"),
        },
        *("OWN/parts/one.py", "1", "3"),
    ),
    # another module changes a value
    "a patch": (
        of(
            "OWN_cfg.K",
            "import OWN_cfg\nimport OWN_patch",
            cfg="K = 1",
            patch="import OWN_cfg\nOWN_cfg.K = 2",
        ),
        *("OWN_patch.py", "2", "3"),
    ),
    "the root module changes a value": (
        {
            "OWN.py": "import OWN_cfg\nOWN_cfg.K = 2\nfrom OWN_own import Block\n",
            **CFG,
            "OWN_own.py": "import OWN_cfg\n" + BLOCK.format("OWN_cfg.K"),
        },
        *("OWN.py", "2", "3"),
    ),
    "a setter": (
        of(
            "get_k()",
            "from OWN_lib import set_k, get_k\nset_k(1)",
            lib="V = {}\ndef set_k(k):\n    V['k'] = k\ndef get_k():\n    return V['k']",
        ),
        *("OWN.py", "set_k(1)", "set_k(3)"),
    ),
    "a setter of a setter": (
        of(
            "C.k",
            "class C:\n    k = 0\ndef put(k):\n    C.k = k\ndef set_k(k):\n    put(k)\nset_k(1)",
        ),
        *("OWN.py", "set_k(1)", "set_k(3)"),
    ),
    "a function that uses setattr": (
        of("C.k", "class C:\n    k = 0\ndef put(k):\n    setattr(C, 'k', k)\nput(1)"),
        *("OWN.py", "put(1)", "put(3)"),
    ),
    "an alias of a list": (
        of(
            "V[0]()",
            "V = []\nclass R:\n    @staticmethod\n    def setter(f):\n"
            "        v = V\n        v.append(f)\n@R.setter\ndef k():\n    return 1",
        ),
        *("OWN.py", "return 1", "return 3"),
    ),
    "a call whose value is kept": (
        of("C.k", "class C:\n    k = 0\ndef merge(c, k):\n    c.k = k\nD = merge(C, 1)"),
        *("OWN.py", "merge(C, 1)", "merge(C, 3)"),
    ),
    "setattr whose value is kept": (
        of("C.k", "class C:\n    k = 0\n_ = setattr(C, 'k', 1)"),
        "OWN.py",
        "'k', 1",
        "'k', 3",
    ),
    "dict.update": (of("D['k']", "D = {}\n_ = dict.update(D, k=1)"), "OWN.py", "k=1", "k=3"),
    "a default that is changed": (
        of("P.k", "class P:\n    k = 0\ndef up(c=P):\n    c.k = 1\nup()"),
        "OWN.py",
        "c.k = 1",
        "c.k = 3",
    ),
    "a loop": (
        of("P.k", "class P:\n    k = 0\nALL = [P]\nfor c in ALL:\n    c.k = 1"),
        *("OWN.py", "c.k = 1", "c.k = 3"),
    ),
    "another name of a list": (of("W[0]", "W = [0]\nV = W\nV[0] = 1"), "OWN.py", "] = 1", "] = 3"),
    "another name of a class": (
        of("1", after="B = Block\nB.k = 1"),
        "OWN.py",
        "B.k = 1",
        "B.k = 3",
    ),
    "a class's body": (
        of("C.k", "class C:\n    k = 0\nclass D:\n    C.k = 1"),
        "OWN.py",
        "C.k = 1",
        "C.k = 3",
    ),
    "a default's value": (
        of("V[0]", "V = []\ndef put(k):\n    V.append(k)\ndef no(x=put(1)):\n    pass"),
        *("OWN.py", "put(1)", "put(3)"),
    ),
    "a decorated function": (
        of("f()", "def more(f):\n    return lambda: 1\n@more\ndef f():\n    pass"),
        *("OWN.py", "lambda: 1", "lambda: 3"),
    ),
    "a function that is patched": (
        of(
            "nn.functional.kk()",
            "from torch import nn\nimport torch.nn.functional as F\n"
            "def mine():\n    return 1\nF.kk = mine",
        ),
        *("OWN.py", "return 1", "return 3"),
    ),
    "a global": (
        of("K", "K = 0\ndef put():\n    global K\n    K = 1\nput()"),
        "OWN.py",
        "K = 1",
        "K = 3",
    ),
    # names looked up by their text
    "globals": (of("globals()['K']", "K = 1"), "OWN.py", "K = 1", "K = 3"),
    "globals, updated": (of("K", "globals().update(K=1)"), "OWN.py", "K=1", "K=3"),
    "setattr of the module": (
        of("K", "import sys\nsetattr(sys.modules[__name__], 'K', 1)"),
        "OWN.py",
        "1)",
        "3)",
    ),
    "getattr of the module": (
        of("getattr(sys.modules[__name__], 'K')", "import sys\nK = 1"),
        "OWN.py",
        "K = 1",
        "K = 3",
    ),
    "builtins": (
        of("KK", "import OWN_more", more="import builtins\nbuiltins.KK = 1"),
        *("OWN_more.py", "1", "3"),
    ),
    "__dict__": (of("Block.__dict__['k']", after="k = 1"), "OWN.py", "\nk = 1", "\nk = 3"),
    "a docstring": (of("int(f.__doc__)", "def f():\n    '''1'''"), "OWN.py", "'''1'''", "'''3'''"),
    "an annotation": (
        of("f.__annotations__['x']", "def f(x: 1):\n    pass"),
        "OWN.py",
        "x: 1",
        "x: 3",
    ),
    # names that are bound twice
    "assignment order": (of("K", "S = 1\nK = S\nS = 3"), "OWN.py", "K = S\nS = 3", "S = 3\nK = S"),
}


@pytest.mark.parametrize(("files", "file", "old", "new"), CASES.values(), ids=CASES.keys())
def test_an_edit_is_noticed(digest: Digest, files: Files, file: str, old: str, new: str) -> None:
    assert files[file].count(old) == 1
    root = "OWN.net:Block" if "OWN/net.py" in files else "OWN:Block"
    edited = files | {file: files[file].replace(old, new)}
    first = digest(files, root, is_plain=False)
    assert digest(files, root) == first
    assert digest(edited, root) != first


@pytest.mark.parametrize(("files", "file", "old", "new"), CASES.values(), ids=CASES.keys())
def test_a_comment_changes_nothing(
    digest: Digest, files: Files, file: str, old: str, new: str
) -> None:
    root = "OWN.net:Block" if "OWN/net.py" in files else "OWN:Block"
    commented = {name: f"# no code\n{code}\n# none\n" for name, code in files.items()}
    assert digest(commented, root) == digest(files, root)


def test_an_edit_of_a_call_at_import_is_noticed(digest: Digest) -> None:
    code = "import foreign\nimport OWN_a\nf = foreign.get()"
    one, two = ({"OWN.py": code, "OWN_a.py": f"import foreign\nforeign.put({n})"} for n in (1, 2))
    assert digest(one, is_plain=True) != digest(two, is_plain=True)


def test_a_new_file_is_noticed(digest: Digest) -> None:
    files, *_ = CASES["star import if the module exists"]
    assert digest({"OWN.py": files["OWN.py"]}, "OWN:Block") != digest(files, "OWN:Block")


DYNAMIC = {
    "OWN.py": '"""A docstring."""\nfrom OWN_cfg import *\nimport OWN_a as a\n'
    + BLOCK.format("K")
    + 'if __name__ == "__main__":\n    print(1)\n',
    "OWN_cfg.py": "K = 1\n",
    "OWN_a.py": "def a(): return 1",
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A docstring", "Another"),
        ("self, c", "self, c: int"),
        ("print(1)", "print(2)"),
        ("import OWN_a as a", "import OWN_a as a  # it"),
    ],
)
def test_docstrings_annotations_comments_and_script_code_do_not_count(
    digest: Digest, old: str, new: str
) -> None:
    edited = DYNAMIC | {"OWN.py": DYNAMIC["OWN.py"].replace(old, new)}
    assert edited != DYNAMIC
    assert digest(edited, "OWN:Block", is_plain=False) == digest(DYNAMIC, "OWN:Block")


def test_the_place_and_the_name_of_a_file_do_not_count(digest: Digest) -> None:
    code = DYNAMIC["OWN.py"].replace("OWN_cfg", "OWN_settings")
    moved = {"OWN_settings.py": "K = 1\n", "OWN_a.py": DYNAMIC["OWN_a.py"], "OWN_first.py": code}
    assert digest(moved, "OWN_first:Block", folder="sub") == digest(DYNAMIC, "OWN:Block")


def test_files_that_python_cannot_import_do_not_count(digest: Digest) -> None:
    files, *_ = CASES["pkgutil"]
    broken = files | {"OWN/old.py": "print 1", "OWN/parts.py": "K = 5", "OWN/no-name.py": "K = 6"}
    assert digest(broken, "OWN.net:Block") == digest(files, "OWN.net:Block")


def test_swapped_imports_are_noticed(digest: Digest) -> None:
    files = {"OWN_a.py": "K = 1", "OWN_b.py": "K = 2"}
    code = "K = 0\nfrom OWN_{} import *\nimport OWN_{} as other\n" + BLOCK.format("K")
    one, two = (
        files | {"OWN.py": code.replace("{}", a, 1).replace("{}", b, 1)} for a, b in ("ab", "ba")
    )
    assert digest(one, "OWN:Block") != digest(two, "OWN:Block")


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nfrom torch import nn\nK = 1\nWIDTHS = (16, 32)\nA, B = 1, 2\nf = nn.ReLU",
        "from functools import partial\ndef g(k): return k\nf = partial(g, k=3)",
        "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass f:\n"
        "    a: int = field(default=1)\n    b: list = field(default_factory=list)",
        "import torch\n@torch.no_grad()\ndef f(x):\n    y = []\n    y.append(x)\n    return y",
        "class f:\n    @property\n    def a(self): return self.b\n    @a.setter\n"
        "    def a(self, x): self.b = getattr(x, 'b')\n    @staticmethod\n    def c(): return 1",
        "try:\n    import torch\nexcept ImportError:\n    pass\nf = lambda x: torch.relu(x)",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from torch import Tensor\nf = 1",
        "import logging\nlogging.info('here')\nprint(1)\nf = {i: i for i in range(3)}",
        "import torch\ndef f(x):\n    import math\n    model.eval()\n    assert x\n"
        "    return [m for m in x.modules()]",
        "import abc\nclass f(abc.ABC):\n    @abc.abstractmethod\n    def a(self): 0",
        "from OWN_cfg import K\nimport OWN_cfg as cfg\nf = [K, cfg.K]",
        "def f(mode): return mode == 'OWN_train'",
    ],
)
def test_ordinary_modules_are_plain(digest: Digest, code: str) -> None:
    script = {"OWN_train.py": "for i in range(3):\n    print(i)"}
    assert digest({**CFG, **script, "OWN.py": code}, is_plain=True)
