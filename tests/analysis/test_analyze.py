"""A pass over images beside numpy on stored activations, ablations beside other networks, and what
is refused."""

import copy
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torchvision
from support.planted import Planted, by_class, marked, votes
from torch import Tensor, nn

import srbench
from srbench.analysis.moments import Moments
from srbench.blocks import CBAM, SqueezeExcitation, SqueezeRemember
from srbench.errors import SrbenchError

Batches = list[tuple[Tensor, Tensor]]


def net(*blocks: nn.Module, channels: int = 16) -> nn.Sequential:
    """A small network with the blocks after its convolution."""
    torch.manual_seed(0)
    found = nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        *blocks,
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, 3),
    )
    found[1].running_mean.normal_()
    for module in found.modules():
        if isinstance(module, SqueezeRemember):
            nn.init.normal_(module.memory, std=0.5)
            nn.init.normal_(module.fcn[3].weight, std=1.0)
    return found


def head() -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(64, 4)]


def images(number: int = 90, size: int = 6, batch: int = 32) -> Batches:
    random = torch.Generator().manual_seed(1)
    classes = torch.arange(number) % 3
    pixels = torch.randn(number, 3, size, size, generator=random) + classes.view(-1, 1, 1, 1)
    return list(zip(pixels.split(batch), classes.split(batch), strict=True))


def stored(model: nn.Module, module: nn.Module, batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """All inputs and outputs of a module, in float64."""
    held: list[tuple[Tensor, Tensor]] = []
    hook = module.register_forward_hook(lambda m, args, out: held.append((args[0], out)))
    with torch.no_grad():
        for pixels, _ in batches:
            model(pixels)
    hook.remove()
    return tuple(torch.cat(list(part)).double().numpy() for part in zip(*held, strict=True))


def right(model: nn.Module, batches: Batches) -> np.ndarray:
    with torch.no_grad():
        return torch.cat([model(x).argmax(1) == y for x, y in batches]).numpy()


def test_features_are_numpys_on_stored_activations() -> None:
    block, batches = SqueezeRemember(16, 6, 6, memories=3), images()
    model = net(block).eval()
    found = srbench.analyze(model, batches).analysis.memory_blocks[0].features
    before, after = stored(model, block, batches)
    change = np.abs(after - before)
    classes = torch.cat([y for _, y in batches]).numpy()
    groups = [slice(None), *(classes == number for number in range(3))]
    for place, group in enumerate(groups):
        for spread, values in (
            (found.before, before[group]),
            (found.after, after[group]),
            (found.difference, change[group]),
        ):
            by_image = values.mean((2, 3))
            assert spread.mean[place] == pytest.approx(by_image.mean(0), rel=1e-6)
            assert spread.deviation[place] == pytest.approx(by_image.std(0, ddof=1), rel=1e-6)
        maps = change[group].mean((0, 1))
        assert np.array(found.place[place]) == pytest.approx(maps, rel=1e-6)
    norms = np.linalg.norm(change.reshape(90, -1), axis=1)
    size = norms.mean() / np.linalg.norm(before.reshape(90, -1), axis=1).mean()
    assert found.size == pytest.approx(size, rel=1e-6)


def test_of_a_hundred_thousand_images_too() -> None:
    """Far from 0, where sums in float32 would lose all digits of the deviation."""
    random = torch.Generator().manual_seed(0)
    block = SqueezeRemember(2, 2, 2, memories=2)
    nn.init.normal_(block.memory)
    model = nn.Sequential(block, nn.Flatten(), nn.Linear(8, 2)).eval()
    pixels = 1000 + torch.randn(100_000, 2, 2, 2, generator=random)
    classes = torch.arange(100_000) % 2
    batches = list(zip(pixels.split(1000), classes.split(1000), strict=True))
    found = srbench.analyze(model, batches, ablations=False)
    features = found.analysis.memory_blocks[0].features
    before, after = stored(model, block, batches)
    for spread, values in ((features.before, before), (features.after, after)):
        by_image = values.mean((2, 3))
        assert spread.mean[0] == pytest.approx(by_image.mean(0), rel=1e-6)
        assert spread.deviation[0] == pytest.approx(by_image.std(0, ddof=1), rel=1e-6)
    assert found.weights["0"].shape == (100_000, 2)


def test_weights_and_examples_are_those_of_the_block() -> None:
    block, batches = SqueezeRemember(16, 6, 6, memories=3), images()
    model = net(block).eval()
    found = srbench.analyze(model, batches, classes=[2, 0])
    with torch.no_grad():
        seen = torch.cat([model[:3](x) for x, _ in batches])
        alpha = block.fcn(block.squeeze(seen)).double().numpy()
    assert found.weights["3"] == pytest.approx(alpha, rel=1e-5)
    (one,) = found.analysis.memory_blocks
    assert np.array(one.weights.spread.mean[1]) == pytest.approx(alpha[2::3].mean(0), rel=1e-5)
    assert np.array(one.weights.spread.deviation[2]) == pytest.approx(
        alpha[0::3].std(0, ddof=1), rel=1e-4
    )
    assert found.analysis.key.classes == ("2", "0")
    assert [example.number for example in one.examples] == [2, 0]
    before, after = stored(model, block, batches)
    assert np.array(one.examples[0].before) == pytest.approx(before[2].mean(0), rel=1e-6)
    assert np.array(one.examples[0].difference) == pytest.approx(
        np.abs(after[2] - before[2]).mean(0), rel=1e-6
    )


def test_ablations_are_those_of_networks_that_were_changed() -> None:
    block, batches = SqueezeRemember(16, 6, 6, memories=3), images()
    model = net(block).eval()
    found = srbench.analyze(model, batches)
    before = right(model, batches)
    assert found.right.tolist() == before.tolist()

    def changed(name: str) -> nn.Module:
        other = copy.deepcopy(model)
        sr = other[3]
        if name == "off":
            sr.memory.data.zero_()
        elif name == "mean weights":
            mean = torch.tensor(found.weights["3"].mean(0), dtype=torch.float32)
            sr.fcn[3].weight.data.zero_()
            sr.fcn[3].bias.data = mean.log()
        else:
            sr.memory.data[int(name[-1]) - 1] = 0
        return other

    for one, bits in zip(found.analysis.ablations, found._found.ablated, strict=True):
        after = right(changed(one.name), batches)
        assert bits.tolist() == after.tolist(), one.name
        assert (one.gained, one.lost) == ((after & ~before).sum(), (before & ~after).sum())


def test_gates_of_se_and_cbam() -> None:
    """A gate is the ratio of what comes out and what goes in."""
    torch.manual_seed(0)
    se, cbam, batches = SqueezeExcitation(16, 4), CBAM(16, 4, kernel=3), images()
    around = nn.Conv2d(3, 16, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    model = nn.Sequential(around[0], se, cbam, *around[1:], nn.Linear(16, 3)).eval()
    found = srbench.analyze(model, batches)
    assert [(b.name, b.title, b.shape) for b in found.analysis.gate_blocks] == [
        ("1", "SE", (16,)),
        ("2.channel", "CBAM channel", (16,)),
        ("2.spatial", "CBAM spatial", (6, 6)),
    ]
    classes = torch.cat([y for _, y in batches]).numpy()
    for block, module in zip(
        found.analysis.gate_blocks, (se, cbam.channel, cbam.spatial), strict=True
    ):
        before, after = stored(model, module, batches)
        ratio = np.median(after / before, axis=1 if len(block.shape) > 1 else (2, 3))
        gates = ratio.reshape(90, -1)
        groups = [slice(None), *(classes == number for number in range(3))]
        for place, group in enumerate(groups):
            assert block.gates.mean[place] == pytest.approx(gates[group].mean(0), rel=1e-5)
            assert block.gates.deviation[place] == pytest.approx(
                gates[group].std(0, ddof=1), rel=1e-3, abs=1e-7
            )
        between = sum(
            30 * (gates[classes == c].mean(0) - gates.mean(0)) ** 2 for c in range(3)
        ).sum()
        whole = ((gates - gates.mean(0)) ** 2).sum()
        assert block.explained == pytest.approx(between / whole, rel=1e-3)
        assert block.by_chance == pytest.approx(2 / 89)
    names = [(one.block, one.name) for one in found.analysis.ablations]
    assert names == [
        *(("1", "mean weights"), ("1", "off"), ("2", "mean weights"), ("2", "off")),
        *(("", "mean weights"), ("", "off")),
    ]
    without = nn.Sequential(*(m for m in model if m not in (se, cbam)))
    assert found.analysis.ablations[-1].right == right(without, batches).sum()


def test_the_share_between_classes_by_chance_is_that_of_dealing_them() -> None:
    """All ways to deal 2 classes to 6 images, with the moments of each."""
    random = np.random.default_rng(0)
    gates = random.normal(size=(6, 3)) ** 3
    shares = []
    for dealt in set(itertools.permutations([0, 0, 0, 1, 1, 1])):
        moments = Moments(2, 3)
        moments.add(gates, np.array(dealt))
        within, between = moments.variances()
        shares.append(between / (within + between))
    assert np.mean(shares) == pytest.approx(1 / 5)


def test_gates_of_torchvisions_own_se() -> None:
    torch.manual_seed(0)
    se, batches = torchvision.ops.SqueezeExcitation(16, 4), images()
    around = nn.Conv2d(3, 16, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    model = nn.Sequential(around[0], se, *around[1:], nn.Linear(16, 3)).eval()
    (block,) = srbench.analyze(model, batches).analysis.gate_blocks
    before, after = stored(model, se, batches)
    gates = np.median(after / before, axis=(2, 3))
    assert (block.title, block.shape) == ("SE", (16,))
    assert block.gates.mean[0] == pytest.approx(gates.mean(0), rel=1e-5)


def test_a_network_of_ones_own_and_several_blocks() -> None:
    blocks = SqueezeRemember(16, 6, 6, memories=2), SqueezeRemember(16, 6, 6, memories=3)
    found = srbench.analyze(net(*blocks), images())
    assert [len(b.memories.norms) for b in found.analysis.memory_blocks] == [2, 3]
    assert list(found.weights) == ["3", "4"]
    assert str(found).startswith("Block   Memories   In use")
    assert "4: with the same weights for every image" in str(found)


def test_the_model_is_as_before() -> None:
    model = net(SqueezeRemember(16, 6, 6), SqueezeExcitation(16, 4))
    model.train()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    state = copy.deepcopy(model.state_dict())
    srbench.analyze(model, images())
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    with pytest.raises(SrbenchError, match="does not run"):
        srbench.analyze(model, [*images(), (torch.randn(4, 3, 9, 9), torch.zeros(4).long())])
    assert [module.training for module in model.modules()] == modes
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_compiled_network_is_analyzed_as_what_it_was_compiled_from() -> None:
    model = net(SqueezeRemember(16, 6, 6, memories=2))
    found = srbench.analyze(torch.compile(model, backend="eager"), images())
    assert found.analysis == srbench.analyze(model, images()).analysis


def test_the_same_twice_and_in_other_batches() -> None:
    model = net(SqueezeRemember(16, 6, 6, memories=3))
    first, again = srbench.analyze(model, images()), srbench.analyze(model, images())
    assert first.analysis == again.analysis
    other = srbench.analyze(model, images(batch=7)).analysis
    assert [one.right for one in other.ablations] == [one.right for one in first.analysis.ablations]
    mean = np.array(other.memory_blocks[0].features.before.mean)
    assert mean == pytest.approx(
        np.array(first.analysis.memory_blocks[0].features.before.mean), rel=1e-6
    )


def test_without_ablations_the_images_pass_once() -> None:
    class Counted(list):
        passes = 0

        def __iter__(self) -> Iterator:
            Counted.passes += 1
            return super().__iter__()

    found = srbench.analyze(
        net(SqueezeRemember(16, 6, 6)), Counted(images()), ablations=False
    ).analysis
    assert found.ablations == ()
    assert Counted.passes == 1


def test_a_block_that_does_not_run_is_left_out_with_a_note() -> None:
    class Unused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = net(SqueezeRemember(16, 6, 6))
            self.spare = SqueezeExcitation(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x)

    found = srbench.analyze(Unused(), images()).analysis
    assert found.notes == ("spare runs for 0 of 90 images, and is left out",)
    assert found.gate_blocks == ()


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = net()
        self.sr = SqueezeRemember(3, 6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.sr(self.sr(x)))


class Other(SqueezeRemember):
    """It differs by less than what rounding may."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x - super().forward(x)


class Unreached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.sr = net(), SqueezeRemember(3, 6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


PIXELS = torch.randn(6, 3, 6, 6)
LABELS = torch.arange(6) % 3


@pytest.mark.parametrize(
    ("model", "loader", "options", "message"),
    [
        ("resnet18", images(), {}, "the model is a text, and not a module"),
        (net(), images(), {}, "has no SR, SE or CBAM block; it has 2 Conv2d, 2 ReLU"),
        (net(SqueezeRemember(16, 6, 6)), images(size=8), {}, "does not run on images of 32×3×8×8"),
        (net(SqueezeRemember(16, 6, 6)), iter(images()), {}, "can be read only once"),
        (net(SqueezeRemember(16, 6, 6)), [], {}, "there are no images"),
        (net(SqueezeRemember(16, 6, 6)), 3, {}, "the loader is of type int"),
        (net(SqueezeRemember(16, 6, 6)), [PIXELS], {}, "a batch is a Tensor, and not a pair"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS[0], LABELS)], {}, "no images (B, C, H, W)"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS, LABELS[:4])], {}, "of the shape (4,)"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS, LABELS / 2)], {}, "float32 classes"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS, ["a"] * 6)], {}, "are no numbers"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS, LABELS + 1)], {}, "an image has the class 3"),
        (net(SqueezeRemember(16, 6, 6)), images(), {"classes": ["3"]}, "there is no class '3'"),
        (
            net(SqueezeRemember(16, 6, 6)),
            images(),
            {"classes": ["clif"], "names": ["cliff", "pug", "church"]},
            "there is no class 'clif'",
        ),
        (net(SqueezeRemember(16, 6, 6)), images(), {"names": ["a"]}, "1 names, and 3 logits"),
        (
            net(SqueezeRemember(16, 6, 6)),
            [(PIXELS, LABELS * 0)],
            {"classes": [0, 1]},
            "the images have none of class 1",
        ),
        (Twice(), images(), {}, "sr does not run once for each image"),
        (Unreached(), images(), {}, "no block runs for every image: sr runs for 0 of 90"),
        (net(CBAM(16, 4)), [*images(), (torch.randn(6, 3, 4, 9), LABELS)], {}, "several sizes"),
        (net(SqueezeRemember(16, 6, 6)), [(PIXELS / 0, LABELS)], {}, "that are no numbers"),
        (net(SqueezeExcitation(16, 4)), [(PIXELS / 0, LABELS)], {}, "that are no numbers"),
        (net(torch.compile(SqueezeExcitation(16, 4))), images(), {}, "3 is compiled"),
        (net(Other(16, 6, 6)), images(), {}, "computes something else than a SqueezeRemember"),
        (nn.Sequential(SqueezeRemember(3, 6, 6)), images(), {}, "returns 32×3×6×6 for 32 images"),
    ],
)
def test_bad_input_is_told(model, loader, options: dict, message: str) -> None:
    with pytest.raises(SrbenchError) as caught:
        srbench.analyze(model, loader, **options)
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_similar_class_is_suggested() -> None:
    with pytest.raises(SrbenchError) as caught:
        srbench.analyze(
            net(SqueezeRemember(16, 6, 6)),
            images(),
            classes=["clif"],
            names=["cliff", "pug", "church"],
        )
    assert "did you mean cliff?" in caught.value.hint


def test_a_loader_that_yields_other_images_the_second_time() -> None:
    class Changing:
        reads = 0

        def __iter__(self) -> Iterator:
            self.reads += 1
            return iter(images(90 if self.reads < 2 else 60))

    with pytest.raises(SrbenchError, match="the second pass saw 60 images, and not 90"):
        srbench.analyze(net(SqueezeRemember(16, 6, 6)), Changing())


class Pairs(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 90

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        pixels = torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(number))
        return pixels, number % 3


def test_a_loader_that_shuffles_pairs_every_image_with_its_own_class() -> None:
    """Both passes begin from one random state, and the caller's goes on as it would have."""
    model = net(SqueezeRemember(16, 6, 6)).eval()
    torch.manual_seed(3)
    state = torch.get_rng_state()
    loader = torch.utils.data.DataLoader(Pairs(), 16, shuffle=True)
    found = srbench.analyze(model, loader)
    assert torch.equal(torch.get_rng_state(), state)
    plain = srbench.analyze(model, torch.utils.data.DataLoader(Pairs(), 16))
    for number in range(3):
        own, other = found.classes == number, plain.classes == number
        assert found.right[own].sum() == plain.right[other].sum()
    assert found.analysis.ablations == plain.analysis.ablations


def test_a_loader_with_draws_of_its_own_is_refused() -> None:
    own = torch.Generator().manual_seed(0)
    loader = torch.utils.data.DataLoader(Pairs(), 16, shuffle=True, generator=own)
    with pytest.raises(SrbenchError, match="other images, or another order"):
        srbench.analyze(net(SqueezeRemember(16, 6, 6)), loader)


def test_a_loader_that_goes_on_where_it_was_loses_no_image() -> None:
    class GoesOn:
        def __init__(self) -> None:
            self.rest = iter(images())

        def __iter__(self) -> Iterator:
            return self.rest

    model = net(SqueezeRemember(16, 6, 6))
    assert srbench.analyze(model, GoesOn(), ablations=False).analysis.images == 90
    with pytest.raises(SrbenchError, match="the second pass saw 0 images, and not 90"):
        srbench.analyze(model, GoesOn())


def test_operators_that_work_in_place_change_nothing() -> None:
    """Neither the images, nor what follows a block that is off."""

    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = SqueezeRemember(3, 6, 6, memories=2)
            self.head = nn.Sequential(nn.Flatten(), nn.Linear(108, 3))
            nn.init.normal_(self.first.memory)

        def forward(self, x: Tensor) -> Tensor:
            x.mul_(2)
            y = self.first(x)
            y.relu_().mul_(-3)
            return self.head(x + y)

    torch.manual_seed(0)
    model, batches = InPlace().eval(), images()
    before = [pixels.clone() for pixels, _ in batches]
    found = srbench.analyze(model, batches)
    assert all(torch.equal(a, b) for a, (b, _) in zip(before, batches, strict=True))
    with torch.no_grad():
        off = [model.head(2 * x + (2 * x).relu() * -3).argmax(1) == y for x, y in batches]
    assert found.analysis.ablations[-1].right == torch.cat(off).sum()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_in_any_precision_an_ablation_that_is_none_changes_nothing(dtype: torch.dtype) -> None:
    block = SqueezeRemember(8, 4, 4, memories=3)
    nn.init.normal_(block.memory)
    block.memory.data[1] = 0
    nn.init.zeros_(block.fcn[3].weight)  # the same weights for every image
    torch.manual_seed(0)
    model = nn.Sequential(block, nn.Flatten(), nn.Linear(128, 10)).to(dtype)
    random = torch.Generator().manual_seed(0)
    pixels = torch.randn(1000, 8, 4, 4, generator=random).to(dtype)
    found = srbench.analyze(model, [(pixels, torch.arange(1000) % 10)]).analysis
    changed = {one.name: one.changed for one in found.ablations}
    assert changed["mean weights"] == changed["without M2"] == 0
    assert changed["off"] > 0


def test_a_network_can_be_trained_afterwards() -> None:
    """What it makes in the pass is no tensor of inference alone."""

    class Caches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.sr, self.scale = SqueezeRemember(3, 6, 6), None
            self.head = nn.LazyLinear(3)

        def forward(self, x: Tensor) -> Tensor:
            if self.scale is None:
                self.scale = torch.ones(())
            return self.head((self.sr(x) * self.scale).flatten(1))

    model = Caches()
    srbench.analyze(model, images())
    model(images()[0][0]).sum().backward()
    assert model.head.weight.grad is not None


def test_an_image_of_zeros_has_no_size_of_its_own() -> None:
    block = SqueezeRemember(3, 6, 6, memories=2)
    nn.init.normal_(block.memory)
    model = nn.Sequential(nn.ReLU(), block, nn.Flatten(), nn.Linear(108, 3))
    pixels, classes = torch.randn(30, 3, 6, 6), torch.arange(30) % 3
    pixels[5] = -1
    found = srbench.analyze(model, [(pixels, classes)])
    assert 0 < found.analysis.memory_blocks[0].features.size < 100
    found = srbench.analyze(model, [(-pixels.abs(), classes)])
    assert found.analysis.memory_blocks[0].features.size is None


def test_a_single_image_says_nothing_of_how_much_varies() -> None:
    model = net(SqueezeRemember(16, 6, 6, memories=2))
    found = srbench.analyze(model, images(1))
    assert found.analysis.memory_blocks[0].memories.adaptive_share is None
    assert "bias" not in str(found)


def test_classes_by_number_by_name_and_in_other_case() -> None:
    model = net(SqueezeRemember(16, 6, 6))

    def chosen(names: list[str], classes: list) -> tuple[str, ...]:
        return srbench.analyze(
            model, images(), names=names, classes=classes, ablations=False
        ).analysis.key.classes

    assert chosen(["0", "2", "1"], [2]) == ("1",)
    assert chosen(["0", "2", "1"], ["2"]) == ("2",)
    assert chosen(["A", "a", "b"], ["A", "B"]) == ("A", "b")
    with pytest.raises(SrbenchError, match="two classes are called crane"):
        chosen(["crane", "crane", "b"], [])


class Sometimes(nn.Module):
    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.body, self.block = net(SqueezeRemember(16, 6, 6)), block

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.block(x=x) if len(x) == 32 else x)


@pytest.mark.parametrize("block", [SqueezeRemember(3, 6, 6), SqueezeExcitation(3, 1)])
def test_a_block_that_runs_for_some_images_is_left_out_with_a_note(block: nn.Module) -> None:
    found = srbench.analyze(Sometimes(block), images()).analysis
    assert found.notes == ("block runs for 64 of 90 images, and is left out",)


def test_a_folder_of_figures(tmp_path) -> None:
    found = srbench.analyze(Planted(by_class, votes()), marked(100), names=list("abcd"))
    found.save(tmp_path / "figures", formats="svg")
    there = {path.name for path in (tmp_path / "figures").iterdir()}
    stems = ["weights", "classes", "memories", "activity", "features", "channels"]
    for stem in [*(f"sr-{one}" for one in stems), "ablations"]:
        assert {f"{stem}.svg", f"{stem}.csv"} <= there
    assert {"analysis.jsonl", "images.csv", "blocks.csv"} <= there
    other = srbench.analyze(nn.Sequential(SqueezeExcitation(4, 1), *head()), marked(100))
    other.save(tmp_path / "figures", formats="png")
    left = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert left == {"gates-SE", "gates-by-depth", "ablations", "analysis", "images", "blocks"}
    assert not list((tmp_path / "figures").glob("*.svg")), "of the network before"
    with pytest.raises(SrbenchError, match="unknown format 'gif'"):
        found.save(tmp_path, formats=("gif",))
