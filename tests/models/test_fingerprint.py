"""The fingerprint of a model's code, tested by edits that must change it and that must not."""

import importlib
import itertools
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from torch import nn

import srbench
from srbench.catalog.plugins import blocks
from srbench.models.build import assemble
from srbench.models.fingerprint import fingerprint
from srbench.records.record import UNKNOWN
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

numbers = itertools.count()

Files = dict[str, str]

# OWN stands for a prefix that makes the names of a test's modules unique.
FILES: Files = {
    "OWN_net.py": '''
"""A network of one's own."""

import torch
from torch import nn
from torch.nn import ReLU as Act

import OWN_tools as tools
from OWN_acts import silu
from OWN_base import Base
from OWN_first import f as chosen

WIDTH = 4
LAST = [3 for width in range(2)]
ACTS = {"relu": torch.relu, "silu": silu}


class Net(Base):
    """It has all that a class can have."""

    stages = ("body",)
    branches = "0"
    input_size = 16
    factor = 20
    """Of the output."""

    def __init__(self, num_classes=4, width=WIDTH, act="relu"):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), Act())
        self.act = ACTS[act]
        self.scale = lambda x: x * 21
        self.late = tools.late()
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        x = self.late(self.scale(self.act(self.body(x))))
        return self.head(tools.pool(chosen(x)) * LAST[0])

    def never(self, pair=7):
        return tools.sum_of(pair)


class Made(Net):
    def __init__(self, num_classes=4, width=4):
        super().__init__(num_classes, width)


class Unrelated:
    number = 23

    def call(self, x: 25):
        return [x + 24 for x in LAST]


if __name__ == "__main__":
    print(25)
''',
    "OWN_base.py": """
import torch.nn as nn


class Base(nn.Module):
    number = 30
""",
    "OWN_acts.py": """
from torch.nn.functional import relu

def silu(x):
    return relu(x) * x.sigmoid() + 40
""",
    "OWN_tools.py": """
import OWN_later as later
from OWN_deep import by_mean


def pool(x):
    return by_mean(x) * 51


def no_pool(x):
    return x.sum((2, 3)) * 50


def sum_of(x):
    return x + 52


def late():
    return later.Late()
""",
    "OWN_deep.py": """
try:
    import no_such_thing_at_all
except ImportError:
    pass

def by_mean(x):
    return x.mean((2, 3)) + EPS

EPS = 60
""",
    "OWN_first.py": "def f(x):\n    return x * 70\n",
    "OWN_second.py": "def f(x):\n    return x * 71\n",
    "OWN_later.py": """
from torch import nn


class Late(nn.Module):
    number = 100

    def forward(self, x):
        return x
""",
    "OWN_block.py": """
from torch import nn


class Gate(nn.Module):
    def __init__(self, channels, factor=2):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor + 110
""",
}

SPEC = "OWN_net:Net:width=8+OWN_block:Gate:factor=3"


Of = Callable[..., str]


@pytest.fixture
def of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Of:
    """The fingerprint of a spec of a test's files, under names that nothing imported before."""

    def of(files: Mapping[str, str | bytes] = FILES, spec: str = SPEC) -> str:
        own = f"marked{next(numbers)}"
        folder = tmp_path / own
        for name, code in files.items():
            content = code.encode() if isinstance(code, str) else code
            path = folder / name.replace("OWN", own)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.replace(b"OWN", own.encode()))
        monkeypatch.syspath_prepend(folder)
        return mark(spec.replace("OWN", own))

    return of


@pytest.fixture(scope="module")
def unedited(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The fingerprint of the files as they are."""
    with pytest.MonkeyPatch.context() as patch:
        return of.__wrapped__(tmp_path_factory.mktemp("unedited"), patch)()


def mark(spec: str) -> str:
    case = case_of(parse(spec))
    return assemble(*case, initialised=False).fingerprint


def edited(name: str, old: str, new: str, files: Files = FILES) -> Files:
    assert files[name].count(old) == 1, f"{old!r} is not once in {name}"
    return files | {name: files[name].replace(old, new)}


def test_a_fingerprint_is_sixteen_hexadecimal_digits(of: Of, unedited: str) -> None:
    assert of() == unedited
    assert len(unedited) == 16
    assert int(unedited, 16)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("OWN_net.py", "return self.head(", "return 2 * self.head("),  # the class
        ("OWN_net.py", "WIDTH = 4", "WIDTH = 5"),  # a constant
        ("OWN_net.py", "LAST = [3 ", "LAST = [3.0 "),  # of another type
        ("OWN_net.py", "range(2)", "range(3)"),  # a comprehension
        ("OWN_net.py", "factor = 20", "factor = 21"),  # a class attribute
        ("OWN_net.py", "x * 21", "x / 21"),  # a lambda
        ("OWN_net.py", "pair=7", "pair=8"),  # a default
        ("OWN_net.py", "padding=1", "padding='same'"),
        ("OWN_net.py", "import ReLU as Act", "import GELU as Act"),
        ("OWN_net.py", "from OWN_first", "from OWN_second"),
        ("OWN_net.py", "tools.pool", "tools.no_pool"),
        ("OWN_base.py", "30", "31"),
        ("OWN_acts.py", "+ 40", "+ 41"),
        ("OWN_acts.py", "import relu", "import gelu as relu"),
        ("OWN_tools.py", "* 51", "* 52"),
        ("OWN_tools.py", "x + 52", "x - 52"),
        ("OWN_deep.py", "(2, 3)", "(3, 2)"),  # two files away
        ("OWN_deep.py", "EPS = 60", "EPS = 61"),
        ("OWN_later.py", "100", "101"),
        ("OWN_block.py", "+ 110", "+ 111"),
    ],
)
def test_an_edit_of_the_models_code_changes_the_fingerprint(
    of: Of, unedited: str, name: str, old: str, new: str
) -> None:
    assert of(edited(name, old, new)) != unedited


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("OWN_net.py", "WIDTH = 4", "\n\nWIDTH = (4)  # channels"),
        ("OWN_net.py", "It has all", "It has nothing"),  # a docstring
        ("OWN_net.py", "Of the output", "Of the input"),  # an attribute's
        ("OWN_net.py", "    input_size = 16", "    pass\n    input_size = 0x10"),
        ("OWN_net.py", "import torch\nfrom torch import nn", "import torch.nn as nn\nimport torch"),
        ("OWN_net.py", "import ReLU as Act", "import GELU, ReLU as Act"),
        ("OWN_net.py", "from OWN_first import f as chosen", "from OWN_first import f as chosen, f"),
        ("OWN_net.py", "number = 23", "number = 24"),  # a class that has no part in it
        ("OWN_net.py", "x + 24", "x + 25"),
        ("OWN_net.py", "x: 25", "x: 26"),  # an annotation
        ("OWN_net.py", "print(25)", "print(26)"),
        ("OWN_tools.py", "* 50", "* 49"),
        ("OWN_base.py", "import torch.nn as nn", "from torch import nn"),
        ("OWN_base.py", "30", "30\n\n\nclass More(Base):\n    number = 31\n"),
    ],
)
def test_an_edit_of_anything_else_keeps_the_fingerprint(
    of: Of, unedited: str, name: str, old: str, new: str
) -> None:
    assert of(edited(name, old, new)) == unedited


@pytest.mark.parametrize(
    "store",
    [
        lambda code: code.replace("\n", "\r\n").encode(),
        lambda code: code.encode("utf-8-sig"),
        lambda code: f"# -*- coding: latin-1 -*-\n# \xe9\n{code}".encode("latin-1"),
    ],
)
def test_line_endings_and_encodings_keep_the_fingerprint(
    of: Of, unedited: str, store: Callable[[str], bytes]
) -> None:
    assert of({name: store(code) for name, code in FILES.items()}) == unedited


def test_packages_and_file_names_keep_the_fingerprint(of: Of, unedited: str) -> None:
    """All of them in a package, with other names, relative imports and a re-export."""
    inside = {
        f"OWN/{name.replace('OWN_', 'my_')}": code.replace(
            "import OWN_", "from . import my_"
        ).replace("from OWN_", "from .my_")
        for name, code in FILES.items()
    }
    inside["OWN/__init__.py"] = "from .my_net import Net\nfrom OWN.my_block import Gate as Gated\n"
    assert of(inside, "OWN:Net:width=8+OWN:Gated:factor=3") == unedited
    assert of(inside, "OWN.my_net:Net:width=8+OWN.my_block:Gate:factor=3") == unedited
    changed = edited("OWN/my_deep.py", "60", "61", inside)
    assert of(changed, "OWN:Net:width=8+OWN:Gated:factor=3") != unedited


@pytest.mark.parametrize(
    "spec",
    [
        "OWN_net:Net:width=9+OWN_block:Gate:factor=3",
        "OWN_net:Net:width=8+OWN_block:Gate:factor=4",
        "OWN_net:Net:width=8,act=silu+OWN_block:Gate:factor=3",
        "OWN_net:Net:width=8+OWN_block:Gate:factor=3,after=body",
        "OWN_net:Net:width=8",
        "OWN_net:Net:width=8+OWN_block:Gate:factor=3+OWN_block:Gate",
        "OWN_net:Made:width=8+OWN_block:Gate:factor=3",
    ],
)
def test_another_spec_changes_the_fingerprint(of: Of, unedited: str, spec: str) -> None:
    assert of(spec=spec) != unedited


def test_edits_change_the_fingerprint_of_a_subclass(of: Of) -> None:
    spec = "OWN_net:Made"
    assert of(spec=spec) == of(spec=spec)
    assert of(edited("OWN_net.py", "(num_classes, width)", "(num_classes)"), spec) != of(spec=spec)
    assert of(edited("OWN_deep.py", "60", "61"), spec) != of(spec=spec)


def test_the_fingerprint_of_an_entry_point_follows_its_code(install: Callable[..., None]) -> None:
    found: dict[int, set[str]] = {}
    for scale in (1, 2, 1):
        name = f"marked{next(numbers)}"
        code = FILES["OWN_block.py"] + textwrap.dedent(f"""
        def make(num_classes=4):
            return nn.Sequential(nn.Conv2d(3, num_classes, 16), Times(), nn.Flatten())

        class Times(nn.Module):
            def forward(self, x):
                return x * {scale}

        make.input_size = 16
        """)
        install(name, code, {f"net{name}": "make"}, **{f"block{name}": "Gate"})
        found.setdefault(scale, set()).add(mark(f"net{name}+block{name}:after=0"))
    assert [len(marks) for marks in found.values()] == [1, 1]
    assert found[1] != found[2]


def test_a_module_that_is_imported_again_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit counts once the module is imported again: until then the old code runs."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"marked{next(numbers)}"
    file = tmp_path / f"{name}.py"
    code = FILES["OWN_block.py"]
    file.write_text(code)
    spec = f"resnet18+{name}:Gate"
    first = mark(spec)
    file.write_text(code.replace("110", "111"))
    assert mark(spec) == first
    del sys.modules[name]
    blocks.block_at.cache_clear()
    second = mark(spec)
    assert second != first
    file.write_text(code)
    del sys.modules[name]
    blocks.block_at.cache_clear()
    assert mark(spec) == first


def test_an_edit_after_the_import_keeps_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit between the import and the first fingerprint is not in the code that runs."""
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for edit in (False, True):
        name = f"marked{next(numbers)}"
        other = tmp_path / f"{name}_factor.py"
        other.write_text("FACTOR = 1")
        code = FILES["OWN_block.py"].replace("110", "FACTOR")
        (tmp_path / f"{name}.py").write_text(f"from {name}_factor import FACTOR\n{code}")
        case = case_of(parse(f"resnet18+{name}:Gate"))
        if edit:
            other.write_text("FACTOR = 2")
        found.append(assemble(*case, initialised=False).fingerprint)
    assert found[0] == found[1]


# --- code in which only running it shows what a name stands for


@pytest.mark.parametrize(
    ("name", "old", "new", "edit"),
    [
        (
            "OWN_net.py",
            "if __name__",
            "Net.factor = 21\n\nif __name__",
            ("factor = 21", "factor = 22"),
        ),
        ("OWN_net.py", "if __name__", "tools.NUMBER = 1\n\nif __name__", ("BER = 1", "BER = 2")),
        (
            "OWN_net.py",
            "= tools.late()",
            "= getattr(tools, 'late')()",
            ("number = 23", "number = 2"),
        ),
    ],
)
def test_any_edit_of_unclear_code_changes_the_fingerprint(
    of: Of, unedited: str, name: str, old: str, new: str, edit: tuple[str, str]
) -> None:
    before = edited(name, old, new)
    assert len({unedited, of(before), of(edited(name, *edit, before))}) == 3


# --- code that is set on a model after it is built

LOOSE = """
import functools
from torch import nn


class Net(nn.Sequential):
    pass


def plain(x):
    return x + ONE


ONE = 1


def enclosing(inner):
    def around(x):
        return inner(x)

    return around


class Called:
    def __call__(self, x):
        return x + 2

    def method(self, x):
        return x + 3


def local():
    class Inside(nn.Module):
        number = 4

    return Inside()


Dynamic = type("Other", (nn.Module,), {"number": 5})
NAMED = lambda x: x + 6
OTHERS = [lambda x: x + 7]


def hook(module, *values):
    return None
"""


def model_with(module: object, put: Callable[[nn.Module, object], object]) -> nn.Module:
    model = module.Net(nn.ReLU())
    put(model, module)
    return model


@pytest.fixture
def loose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The fingerprint of a model on which something from a custom module was set."""
    monkeypatch.syspath_prepend(tmp_path)

    def loose(put: Callable[[nn.Module, object], object], code: str = LOOSE) -> str:
        name = f"marked{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(code)
        model = model_with(importlib.import_module(name), put)
        return fingerprint(parse("resnet18"), model, ())

    return loose


@pytest.mark.parametrize(
    ("put", "old", "new"),
    [
        (lambda model, own: setattr(model, "forward", own.plain), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model[0], "forward", own.plain), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model, "f", own.enclosing(own.plain)), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model, "f", partial(own.plain)), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model, "f", {"a": own.plain}), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model, "f", [partial(max, own.plain)]), "ONE = 1", "ONE = 2"),
        (lambda model, own: setattr(model, "f", own.Called()), "x + 2", "x - 2"),
        (lambda model, own: setattr(model, "f", own.Called), "x + 2", "x - 2"),
        (lambda model, own: setattr(model, "f", (own.Called().method,)), "x + 3", "x - 3"),
        (lambda model, own: model.append(own.local()), "number = 4", "number = 5"),
        (lambda model, own: model.append(own.Dynamic()), '"number": 5', '"number": 6'),
        (lambda model, own: setattr(model, "f", own.NAMED), "x + 6", "x - 6"),
        (lambda model, own: setattr(model, "f", own.OTHERS[0]), "x + 7", "x - 7"),
        (lambda model, own: model[0].register_forward_hook(own.hook), "None", "values"),
        (lambda model, own: model.register_forward_pre_hook(own.hook), "None", "values"),
        (lambda model, own: setattr(own.Net, "forward", own.plain), "ONE = 1", "ONE = 2"),
    ],
)
def test_code_that_is_set_on_a_model_is_in_the_fingerprint(
    loose: Callable[..., str], put: Callable[..., object], old: str, new: str
) -> None:
    assert LOOSE.count(old) == 1
    assert loose(put) == loose(put)
    assert loose(put) != loose(put, LOOSE.replace(old, new))


def test_unused_code_is_not_in_the_fingerprint(loose: Callable[..., str]) -> None:
    unused = LOOSE.replace("x + 7", "x - 7").replace("ONE = 1", "ONE = 2")
    assert loose(lambda model, own: None) == loose(lambda model, own: None, unused)


@pytest.mark.parametrize(
    "put",
    [
        lambda model, own: setattr(own.Net, "__module__", "nowhere_at_all"),
        lambda model, own: setattr(own.Net, "__module__", None),
        lambda model, own: setattr(model, "forward", made_by_exec()),
        lambda model, own: Path(own.__file__).write_text("class Net(: broken"),
        lambda model, own: Path(own.__file__).write_bytes(b"Net = 1\0"),
        lambda model, own: Path(own.__file__).unlink(),
        lambda model, own: Path(own.__file__).write_text("Net = " + "(" * 5000),
        lambda model, own: Path(own.__file__).write_text("Net = " + "-" * 2000 + "1"),
    ],
)
def test_code_that_cannot_be_read_has_an_unknown_fingerprint(
    loose: Callable[..., str], put: Callable[..., object]
) -> None:
    assert loose(put) == UNKNOWN


def made_by_exec() -> object:
    scope: dict[str, object] = {}
    exec("def forward(x): return x", scope)
    return scope["forward"]


# --- srbench's own code

OWN_CODE = '''
import ast, json, sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import srbench
from srbench.spec.cases import case_of
from srbench.models.build import assemble, probe
from srbench.models.fingerprint import fingerprint
from srbench.spec.parse import parse

assert srbench.__file__.startswith(sys.argv[1])


def mark(spec):
    probe.cache_clear()
    case = case_of(parse(spec))
    return assemble(*case, initialised=False).fingerprint


def imported_again(file, text):
    """Of the package as it is with another text in a file."""
    file.write_text(text, encoding="utf-8")
    for name in [*sys.modules]:
        if name.startswith("srbench.blocks") or name == f"srbench.backbones.{file.stem}":
            del sys.modules[name]


def edits(text):
    """The file with one of its definitions edited, for each of them."""
    for number, found in enumerate(ast.parse(text).body):
        tree = ast.parse(text)
        node = tree.body[number]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.body.append(ast.parse("_edited = 1").body[0])
            yield node.name, ast.unparse(tree)
        elif isinstance(node, ast.Assign):
            node.value = ast.parse(f"({ast.unparse(node.value)}, 0)[0]", mode="eval").body
            yield node.targets[0].id, ast.unparse(tree)


found = []
for part, spec in json.loads(sys.argv[2]).items():
    file = Path(sys.argv[1], "srbench", part)
    text = file.read_text(encoding="utf-8")
    before = mark(spec)
    imported_again(file, text + "\\n# edited\\n")
    same = mark(spec) == before
    imported_again(file, ast.unparse(ast.parse(text)))
    same = same and mark(spec) == before
    kept = []
    for name, code in edits(text):
        imported_again(file, code)
        kept += [name] if mark(spec) == before else []
    imported_again(file, text)
    found.append([part, same and mark(spec) == before, kept])
print(json.dumps(found))
'''

# For each of these files of srbench, a spec that uses all of its definitions.
USED = {
    "blocks/cbam.py": "resnet18+cbam",
    "blocks/squeeze_excitation.py": "resnet18+se",
    "blocks/squeeze_remember.py": "resnet18+sr",
    "blocks/dropout.py": "resnet18+dropout2d",
    "blocks/_checks.py": "resnet18+se",
    "backbones/resnet.py": "resnet18",
    "backbones/cifar_resnet.py": "cifar_resnet8",
    "backbones/mobilenet_v1.py": "mobilenet_v1",
    "backbones/segmentation.py": "deeplabv3_resnet50",
    "backbones/wide_resnet.py": "wrn10_1",
    "backbones/torchvision_models.py": "vgg11",
}
UNUSED = {"backbones/segmentation.py": ["AUXILIARY"]}


def test_every_edit_of_srbenchs_own_code_changes_the_fingerprint(tmp_path: Path) -> None:
    package = Path(srbench.__file__).parent
    shutil.copytree(package, tmp_path / "srbench", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", OWN_CODE, str(tmp_path), json.dumps(USED)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    found = json.loads(done.stdout)
    assert found == [[part, True, UNUSED.get(part, [])] for part in USED]
    blocks = {f"blocks/{file.name}" for file in (package / "blocks").glob("*.py")}
    assert blocks - USED.keys() == {"blocks/__init__.py"}


def test_an_edit_of_the_module_that_puts_blocks_in_place_changes_it(tmp_path: Path) -> None:
    package = tmp_path / "srbench"
    shutil.copytree(Path(srbench.__file__).parent, package)
    sites = package / "models" / "sites.py"
    text = sites.read_text(encoding="utf-8")
    edited = text.replace("output = block(output)", "output = block(output) + 0.0")
    assert edited != text
    sites.write_text(edited, encoding="utf-8")
    code = (
        "import srbench; print(*(record.fingerprint for record in "
        "srbench.count('cifar_resnet8', variants=['se', 'sr'], input_size=8)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    baseline, se, sr = done.stdout.split()
    rows = srbench.count("cifar_resnet8", variants=["se", "sr"], input_size=8)
    before = [record.fingerprint for record in rows]
    assert se != before[1]
    assert [baseline, sr] == [before[0], before[2]]


def test_a_network_of_timm_has_the_fingerprint_of_older_records() -> None:
    records = srbench.count("timm:resnet10t", variants=["se"], input_size=64)
    assert [record.fingerprint for record in records] == ["71ae18d95790f10d", "942cee627d531b5b"]
