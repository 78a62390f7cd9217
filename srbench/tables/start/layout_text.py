"""A layout that explains itself: the keys in use, and every other key as a comment."""

from collections.abc import Iterator
from dataclasses import dataclass

from srbench.conditions import input_size
from srbench.errors import together
from srbench.report.look import CHOICES
from srbench.report.names import blocks_of, title
from srbench.spec.parse import read
from srbench.tables.start.toml_text import Value, toml, toml_key

COLUMNS = ("params", "params_delta", "params_percent", "macs", "macs_delta", "macs_percent")
TOLERANCE = 0.05
WIDTH = 100


@dataclass(frozen=True)
class FirstTable:
    """What a first table compares. ``reference`` is a block that is shown beside one's own."""

    name: str
    backbones: tuple[str, ...]
    blocks: tuple[str, ...]
    reference: str = ""
    size: str = ""
    num_classes: int | None = None
    is_timed: bool = True

    @property
    def variants(self) -> list[str]:
        """The blocks, and the reference if there is one."""
        return [*self.blocks, *([self.reference] if self.reference else [])]

    @property
    def timed(self) -> list[str]:
        """The specs that a gate on times is about: one network, without and with the blocks."""
        baseline = self.backbones[0]
        return [baseline, *(_with(baseline, block) for block in self.blocks)]


@dataclass(frozen=True)
class Key:
    """A key with its value or an example of one, and what it is for."""

    name: str
    value: Value
    use: str = ""
    is_used: bool = False

    def lines(self, is_comment: bool) -> Iterator[str]:
        """The key in one line, in a comment unless it is in use; what it is for beside or above."""
        front = "# " if is_comment or not self.is_used else ""
        line = f"{front}{toml_key(self.name)} = {toml(self.value)}"
        if not self.use:
            yield line
        elif len(line) + len(self.use) + 4 <= WIDTH:
            yield f"{line}  # {self.use}"
        else:
            yield f"# {self.use}:"
            yield line


@dataclass(frozen=True)
class Part:
    """A section with its heading, what it is for, and its keys; the first has no heading."""

    heading: str
    use: str
    keys: tuple[Key, ...]
    is_used: bool = False

    def lines(self) -> Iterator[str]:
        """The section, in comments unless it is in use."""
        yield f"# {self.use}:" if self.heading else f"# {self.use}"
        if self.heading:
            yield self.heading if self.is_used else f"# {self.heading}"
        for key in self.keys:
            yield from key.lines(is_comment=not self.is_used)


def layout_text(table: FirstTable) -> str:
    """The layout, as TOML."""
    return "\n\n".join("\n".join(part.lines()) for part in layout_parts(table)) + "\n"


def layout_parts(table: FirstTable) -> list[Part]:
    """Every section of a layout with all of its keys, each explained."""
    return [_whole(table), _rows(table), *_looks(table), _time(table), _train(table)]


def _whole(table: FirstTable) -> Part:
    name = table.name
    networks = together([title(read(backbone)) for backbone in table.backbones])
    keys = (
        Key("caption", f"What each block costs: {networks}.", "above the table", is_used=True),
        Key("columns", COLUMNS, "`srbench table --columns help` lists them", is_used=True),
        Key(
            "device_columns",
            ("forward", "forward_overhead"),
            f"times, in the files of `srbench table {name} --device cpu`",
        ),
        Key("rank", False, "whether the best two values of a group are marked"),
        Key("style", "ieee", f"sizes of a paper: {_choices('style')}"),
        Key("naming", "short", f"what models are called: {_choices('naming')}"),
        Key("notes", "short", f"the notes below the table: {_choices('notes')}"),
        Key("delta", "short", f"differences of counts: {_choices('delta')}"),
        Key("group", "heading", f"what sets groups apart: {_choices('group')}"),
        Key("order", "-macs", "sort each group by a column; - for the largest first"),
        Key("label", "tab:cost", "of the table in LaTeX"),
        Key("position", "t", "where LaTeX may put it"),
        Key("wide", True, "in LaTeX: across both columns; if not given, where it fits"),
    )
    about = (
        f"The layout of the table {name}: which rows and columns it has, and how it looks.\n"
        f"# `srbench table {name}` counts the rows that are missing, and writes the table;\n"
        "# `srbench check` is the gate. A key behind a # is not in use."
    )
    return Part("", about, keys, is_used=True)


def _rows(table: FirstTable) -> Part:
    size: Value = _size(table.size) if table.size else [224, "192x256"]
    classes = table.num_classes or 10
    keys = (
        Key("models", table.backbones, "networks, by their specs", is_used=True),
        Key("variants", table.variants, "blocks, joined by + if together", is_used=True),
        Key("input_size", size, "in pixels; each network's own if not given", bool(table.size)),
        Key(
            "num_classes",
            classes,
            "each network's own if not given",
            table.num_classes is not None,
        ),
        Key("heading", "On ImageNet", "a line above these rows"),
        Key("published", "A paper, Table 1", "the source of figures that records hold"),
    )
    use = "A group of rows, of which there may be several: each model, and each variant of it"
    return Part("[[rows]]", use, keys, is_used=True)


def _looks(table: FirstTable) -> Iterator[Part]:
    row = _with(table.backbones[0], table.variants[0])
    block = blocks_of([row])[0]
    yield Part(
        "[names]",
        "The names of rows, by spec, and of blocks in all rows; also with LaTeX of their own",
        (Key(row, "Ours"), Key(block, {"plain": "Ours", "latex": r"\emph{Ours}"})),
    )
    yield Part("[heads]", "The heads of columns", (Key("params", "Parameters"),))
    yield Part("[decimals]", "The decimals of columns where they are rounded", (Key("macs", 2),))
    yield Part(
        "[uncounted]",
        "Operators that have no formula, and why they are left out of the counts",
        (Key("words::blur", "fixed weights, the same in every row"),),
    )


def _time(table: FirstTable) -> Part:
    size, classes = _size(table.size) if table.size else 64, table.num_classes or 10
    keys = (
        Key("specs", table.timed, "one forward pass of each, with random images", is_used=True),
        Key("callables", ["bench:forward"], "functions that need no argument, module:function"),
        Key("input_size", size, "the network's own if not given", bool(table.size)),
        Key("num_classes", classes, "likewise", table.num_classes is not None),
        Key("batch_size", 8, "1 if not given"),
        Key("what", "train", "the forward and backward pass; forward if not given"),
        Key("tolerance", TOLERANCE, "5 % longer is tolerated", is_used=True),
        Key("tolerances", {table.timed[-1]: 0.08}, "for single ones"),
    )
    use = "What `srbench check --time --against PATH` times against another version of the code"
    return Part("[time]", use, keys, is_used=table.is_timed)


def _train(table: FirstTable) -> Part:
    keys = (
        Key("data", "digits", "as after `srbench train --data`", is_used=True),
        Key("recipe", "digits", "the data set's own if not given"),
        Key("set", ["epochs=15"], "changes to the recipe"),
        Key("seeds", 6, "how many runs of each row"),
        Key("shares", [1.0, 0.1], "of the training images, each with a column such as top1@0.1"),
        Key(
            "check",
            _with(table.backbones[0], table.variants[0]),
            "the row of `srbench check --train`; the first if not given",
        ),
    )
    use = f"What `srbench table {table.name} --train` trains every row on, for columns such as top1"
    return Part("[train]", use, keys)


def _with(backbone: str, block: str) -> str:
    return f"{backbone}+{block.strip().removeprefix('+')}"


def _choices(name: str) -> str:
    return ", ".join(CHOICES[name])


def _size(text: str) -> int | str:
    """The size as a layout has it: one number for a square."""
    height, width = input_size(text)
    return height if height == width else f"{height}x{width}"
