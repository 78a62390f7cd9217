"""Trees of modules: folded, cut, and compared."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.records.layer import Layer
from srbench.report.layer_tree import Node, compared, cut, folded, lines, tree


def layer(name: str, kind: str = "Sequential", macs: int = 0, **more: object) -> Layer:
    return Layer(name, kind, calls=1, macs=macs, params=macs // 2, **more)  # type: ignore[arg-type]


def network(*blocks: tuple[str, int], name: str = "stage") -> list[Layer]:
    """A stage of numbered blocks, each of a convolution with these MACs and a norm."""
    total = sum(macs for _, macs in blocks)
    found = [layer("", "Net", total + 10), layer(name, macs=total)]
    for number, (kind, macs) in enumerate(blocks):
        at = f"{name}.{number}"
        found += [layer(at, kind, macs), layer(f"{at}.conv", "Conv2d", macs)]
        found.append(layer(f"{at}.norm", "BatchNorm2d"))
    return [*found, layer("fc", "Linear", 10)]


def names(node: Node) -> list[str]:
    return [one.label for _, one in lines(node)]


def test_the_lines_lead_to_every_module() -> None:
    drawn = [f"{guides}{node.label}" for guides, node in lines(tree(network(("B", 4), ("B", 6))))]
    assert drawn == [
        "",
        "├─ stage",
        "│  ├─ 0",
        "│  │  ├─ conv",
        "│  │  └─ norm",
        "│  └─ 1",
        "│     ├─ conv",
        "│     └─ norm",
        "└─ fc",
    ]


def test_repeated_blocks_become_one_with_their_sum() -> None:
    found = folded(tree(network(("B", 4), ("B", 6), ("B", 6), ("B", 6), ("C", 6))))
    assert names(found) == [
        *("", "stage", "0", "conv", "norm", "1–3", "conv", "norm", "4", "conv", "norm", "fc")
    ]
    several = found.inner[0].inner[1]
    assert (several.copies, several.layer.macs, several.layer.params) == (3, 18, 9)
    assert (several.inner[0].copies, several.inner[0].layer.macs) == (3, 18)


@given(
    st.lists(st.tuples(st.sampled_from("BC"), st.integers(0, 2).map(lambda n: 2 * n)), max_size=9)
)
def test_folding_keeps_the_sum_of_every_level(blocks: list[tuple[str, int]]) -> None:
    whole = tree(network(*blocks))
    for node in (whole, folded(whole)):
        for _, one in lines(node):
            if one.inner:
                assert sum(inner.layer.macs for inner in one.inner) == one.layer.macs
    copies = sum(one.copies for one in folded(whole).inner[0].inner)
    assert copies == len(blocks)


def test_modules_of_other_names_are_not_folded() -> None:
    twins = [layer("", "Net"), layer("a", "ReLU"), layer("b", "ReLU"), layer("c1"), layer("d2")]
    assert names(folded(tree(twins))) == ["", "a", "b", "c1", "d2"]


def test_names_that_end_in_numbers_are_folded() -> None:
    alike = [layer("", "Net"), *(layer(f"denselayer{n}", "Dense", 2) for n in (1, 2, 3))]
    assert names(folded(tree(alike))) == ["", "denselayer1–3"]


def test_a_depth_leaves_out_what_is_below() -> None:
    whole = tree(network(("B", 4)))
    assert names(cut(whole, 1)) == ["", "stage", "fc"]
    assert names(cut(whole, 2)) == ["", "stage", "0", "fc"]
    assert cut(whole, 9) == whole


def test_nothing_differs_from_the_same() -> None:
    assert compared(tree(network(("B", 4))), tree(network(("B", 4)))) is None


def test_what_is_new_gone_and_different_is_shown() -> None:
    before = tree(network(("B", 4), ("B", 6)))
    after = tree([*network(("B", 4), ("B", 8)), layer("extra", "Linear", 2)])
    found = compared(after, before)
    assert found is not None
    marks = [(node.label, node.mark) for _, node in lines(found)]
    assert marks == [("", "~"), ("stage", "~"), ("1", "~"), ("conv", "~"), ("extra", "+")]
    back = compared(before, after)
    assert back is not None
    assert ("extra", "−") in [(node.label, node.mark) for _, node in lines(back)]
    conv = found.inner[0].inner[0].inner[0]
    assert (conv.layer.macs, conv.before and conv.before.macs) == (8, 6)


def test_a_wrapped_module_is_not_new() -> None:
    before = network(("B", 4))
    norm = before[4]
    assert norm.name == "stage.0.norm"
    site = replace(norm, kind="Site", macs=3)
    inside = [replace(norm, name=f"{norm.name}.0"), layer(f"{norm.name}.1", "Gate", 3)]
    found = compared(tree([*before[:4], site, *inside, before[5]]), tree(before))
    assert found is not None
    assert [(node.label, node.mark) for _, node in lines(found)][-2:] == [
        ("0", "~"),
        ("norm.1", "+"),
    ]


def test_blocks_that_move_other_bytes_are_folded() -> None:
    blocks = network(("B", 4), ("B", 4))
    blocks[2] = replace(blocks[2], moved=7)
    assert names(folded(tree(blocks))) == ["", "stage", "0–1", "conv", "norm", "fc"]
    assert folded(tree(blocks)).inner[0].inner[0].layer.moved == 7


def test_ten_thousand_modules_take_no_time_worth_mentioning() -> None:
    whole = network(*(("B", 2 * (n % 7)) for n in range(3333)))
    assert len(whole) > 10_000
    assert len(names(folded(tree(whole)))) > 1000
    assert compared(tree(whole), tree(whole[:-1])) is not None


@pytest.mark.parametrize("kernel", [(1, 2), (3, 4)])
def test_layers_with_tensors_can_be_compared(kernel: tuple[int, int]) -> None:
    one = replace(layer("a"), tensors=(("weight", "x".join(map(str, kernel))),))
    whole = [layer("", "Net"), one]
    assert compared(tree(whole), tree(whole)) is None
