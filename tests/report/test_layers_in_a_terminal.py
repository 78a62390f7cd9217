"""The tree of modules in a terminal: what is cut, wrapped and left out there."""

import pytest
from rich.console import Console
from torch import Tensor, nn, rand

from srbench.library.layers_of_anything import ShownLayers, layers
from srbench.report.formats.text import render
from srbench.report.labels import Branch
from srbench.report.table import Table


class GatedAttentionWithALongNameThatNoTerminalHasRoomFor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList([nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)])
        self.unused = nn.ModuleList([nn.Linear(2, 2)])

    def forward(self, x: Tensor) -> Tensor:
        for one in self.maps:
            x = one(x)
        return x


@pytest.fixture(scope="module")
def found() -> ShownLayers:
    inner = nn.Sequential(GatedAttentionWithALongNameThatNoTerminalHasRoomFor(), nn.ReLU())
    return layers(nn.Sequential(inner, inner[1]), rand(1, 3, 8, 8))


def shown(found: ShownLayers, width: int, *columns: str) -> str:
    table = found.report(**({"columns": columns} if columns else {})).tables[0]
    assert isinstance(table, Table)
    return render(table, Console(width=width, color_system=None))


def test_long_names_are_cut_to_half_of_the_screen(found: ShownLayers) -> None:
    lines = shown(found, 80).splitlines()
    (line,) = (one for one in lines if "…" in one)
    assert line.startswith("│  ├─ 0 Gated")
    assert line.index("…") < 40
    assert "GatedAttentionWithALong" in line
    assert all(len(one) <= 80 for one in lines)
    assert "…" not in shown(found, 250)


@pytest.mark.parametrize("width", [80, 100])
def test_a_column_that_has_no_room_needs_no_note(found: ShownLayers, width: int) -> None:
    text = shown(found, width)
    assert ("\nMoved: " in text) == ("Moved (" in text.splitlines()[0])
    assert "\nMoved: " in shown(found, 250)


def test_settings_are_wrapped_in_their_column_beside_the_tree(found: ShownLayers) -> None:
    lines = shown(found, 80, "settings", "params").splitlines()
    start = next(n for n, line in enumerate(lines) if "BatchNorm2d" in line)
    column = lines[start].index("3, eps")
    assert lines[start + 1].startswith("│  │")
    assert lines[start + 1][column - 1] == " "
    assert lines[start + 1][column] != " "
    assert all(len(line) <= 80 for line in lines)


def test_a_list_is_not_called_only_if_nothing_in_it_is(found: ShownLayers) -> None:
    text = shown(found, 250)
    assert "maps ModuleList " in text
    assert "unused ModuleList, never runs" in text


def test_a_branch_keeps_its_name() -> None:
    whole = Branch("│  ├─ ", "conv Convolution", "net.conv Convolution")
    assert whole.within(30) is whole
    assert whole.within(20).label == "conv Convolut…"
    assert len(str(whole.within(20).as_("usual").plain)) == 20
    assert whole.within(20).name == whole.name
