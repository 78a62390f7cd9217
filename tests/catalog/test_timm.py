"""Where blocks go in networks of timm, by three oracles.

They are srbench's own rows of the same networks, a run with real numbers, and the page that lists
which blocks each family supports.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

import srbench
from srbench.catalog.lookup import find_backbone
from srbench.catalog.plugins import backbones
from srbench.errors import BuildError, SrbenchError
from srbench.models.build import require_buildable
from srbench.models.sites import insert
from srbench.records.counts import Counts
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

timm = pytest.importorskip("timm")
from support import timm_page  # noqa: E402 - it imports timm

# --- the same networks in torchvision

SAME = {
    "resnet18": "resnet18",
    "vgg11_bn": "vgg11_bn",
    "mobilenetv3_small_100": "mobilenet_v3_small",
}
MORE_OF_THE_SAME = {
    **{name: name for name in ("resnet50", "resnext50_32x4d", "wide_resnet50_2", "vgg16")},
    "densenet121": "densenet121",
    "convnext_tiny": "convnext_tiny",
    "mobilenetv2_100": "mobilenet_v2",
    "efficientnet_b0": "efficientnet_b0",
    "regnety_004": "regnet_y_400mf",
    "regnetx_004_tv": "regnet_x_400mf",
    "regnetx_032": "regnet_x_3_2gf",
    "mobilenetv3_large_100": "mobilenet_v3_large",
    "efficientnetv2_s": "efficientnet_v2_s",
}
ALL = "+se+cbam+sr"
PAIRS = [
    *SAME.items(),
    *(pytest.param(*pair, marks=pytest.mark.catalog) for pair in MORE_OF_THE_SAME.items()),
]


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_blocks_cost_the_same_as_in_the_same_network_of_torchvision(theirs: str, ours: str) -> None:
    names = [f"{name}{blocks}" for name in (f"timm:{theirs}", ours) for blocks in ("", ALL)]
    plain, blocks, their_plain, their_blocks = (
        row.counts for row in srbench.count(*names, input_size=64)
    )
    assert (plain.params, plain.macs) == (their_plain.params, their_plain.macs)
    assert costs(blocks) == costs(their_blocks)
    assert blocks.params - plain.params == sum(module.params for module in blocks.modules)


def costs(counts: Counts) -> list[tuple[Any, ...]]:
    """The costs of each block, in the network's order."""
    return [(m.block, m.shape, m.params, m.macs) for m in counts.modules]


# --- every family


# The networks of a family change with timm; the rest holds for all versions that pyproject.toml
# allows.
OF_THE_PAGES_TIMM = pytest.mark.skipif(
    timm.__version__ != timm_page.version(), reason="the page is for another version of timm"
)


def families(*names: str) -> list[Any]:
    """The page's lines. Families that are not in ``names`` run only with ``-m catalog``."""
    return [
        pytest.param(one, id=one.family, marks=() if one.family in names else pytest.mark.catalog)
        for one in timm_page.listed()
        if timm.is_model(one.network)
    ]


@OF_THE_PAGES_TIMM
@pytest.mark.catalog
def test_the_page_has_every_family() -> None:
    assert [one.family for one in timm_page.listed()] == timm.list_modules()


@OF_THE_PAGES_TIMM
@pytest.mark.parametrize("one", families("vgg", "swin_transformer", "dpn"))
def test_the_page_says_which_blocks_a_family_supports(one: timm_page.Listed) -> None:
    assert timm_page.row(one.family, one.network) == one.line


# --- a run with real numbers


class Given(nn.Module):
    """Takes the place of a block, and returns random numbers, or zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 1
        self.value = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        self.value = self.scale * (1 + torch.rand_like(x))
        return self.value


class Additions(TorchFunctionMode):
    """Records the blocks whose output is added to something, unchanged or scaled by channel."""

    def __init__(self, blocks: dict[str, Given]) -> None:
        super().__init__()
        self.blocks, self.added = blocks, set[str]()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if getattr(func, "__name__", "") in ("add", "add_", "__add__", "__iadd__", "__radd__"):
            tensors = [one for one in args[:2] if isinstance(one, Tensor)]
            waiting = self.blocks.keys() - self.added
            if len(tensors) == 2 and tensors[0].shape == tensors[1].shape:
                made_of = (
                    n for n in waiting for t in tensors if is_made_of(t, self.blocks[n].value)
                )
                self.added.update(made_of)
        return func(*args, **(kwargs or {}))


def is_made_of(one: Tensor, value: Tensor) -> bool:
    """Whether it is the value's first channels, each multiplied by a number."""
    if one.dim() != 4 or value.dim() != 4 or one.shape[2:] != value.shape[2:]:
        return False
    if one.shape[1] > value.shape[1]:
        return False
    ratio = one / value[:, : one.shape[1]]
    return torch.allclose(ratio, ratio[..., :1, :1].expand_as(ratio), rtol=1e-3, atol=0)


def units(model: nn.Module, sites: Iterable[str]) -> dict[str, list[str]]:
    """The modules that contain sites, each with its sites; empty for plain networks."""
    found: dict[str, list[str]] = {}
    for site in sites:
        parent = site.rpartition(".")[0]
        if type(model.get_submodule(parent)) is not nn.Sequential:
            found.setdefault(parent, []).append(site)
    return found


def with_given(name: str) -> tuple[nn.Module, dict[str, Given], dict[str, list[str]]]:
    torch.manual_seed(0)
    model = timm.create_model(name).eval()
    for parameter in model.parameters():  # layer scales and the norms of branches may start at 0
        if parameter.dim() == 1:
            nn.init.uniform_(parameter, 0.5, 1)
    stages = find_backbone(f"timm:{name}").stages
    blocks = {site: Given() for stage in stages for site in stage.branches}
    found = units(model, blocks)
    for site, block in blocks.items():
        insert(model, site, block)
    return model, blocks, found


RUN = ("convnext", "densenet", "dla", "metaformer", "regnet", "repghost", "resnetv2", "rexnet")
WITH_BRANCHES = [
    pytest.param(param.values[0].network, id=param.id, marks=param.marks)
    for param in families(*RUN)
    if param.values[0].has_branches
]


@OF_THE_PAGES_TIMM
@pytest.mark.parametrize("name", WITH_BRANCHES)
def test_a_block_comes_right_before_the_addition(name: str) -> None:
    """A block's output is added to a shortcut, or is the unit's output; only a layer scale may come
    in between. If the block returns zeros, the unit equals its shortcut."""
    model, blocks, found = with_given(name)
    calls: dict[str, tuple[tuple[Any, ...], Tensor]] = {}

    def note(unit: str) -> Callable[..., None]:
        return lambda _module, inputs, output: calls.setdefault(unit, (inputs, output)) and None

    hooks = [model.get_submodule(unit).register_forward_hook(note(unit)) for unit in found]
    side = find_backbone(f"timm:{name}").input_size
    with torch.no_grad():
        with Additions(blocks) as additions:
            model(torch.rand(1, 3, side, side))
        for hook in hooks:
            hook.remove()
        for unit, (_, output) in calls.items():
            for site in found[unit]:
                assert site in additions.added or is_made_of(output, blocks[site].value), site
        alike = set[Any]()  # one of each kind of unit is enough
        for unit, (inputs, output) in calls.items():
            module = model.get_submodule(unit)
            kind = (type(module), output.shape, len(found[unit]))
            if kind not in alike and is_residual(module, inputs, output):
                alike.add(kind)
                for site in found[unit]:
                    blocks[site].scale = 0
                assert is_pointwise(module, inputs[0]), unit
    assert alike or name in NO_IDENTITY


# These networks add nothing, or all their units project, widen or are among FUSED.
NO_IDENTITY = (
    *("vgg11", "densenet121", "mobileone_s1"),
    *("resnest14d", "rexnet_100", "fastvit_t8", "repvit_m1"),
)
# Token mixers of these are linear, parallel to a shortcut and fused with it: no branch.
FUSED = ("RepMixerBlock", "RepViTBlock")
PROJECTIONS = ("conv_skip", "downsample", "shortcut", "skip")


def is_residual(unit: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> bool:
    """Whether a unit adds its only input unchanged, judging by shapes and timm's names."""
    if type(unit).__name__ in FUSED or len(inputs) != 1 or not isinstance(inputs[0], Tensor):
        return False
    projections = [getattr(unit, name, None) for name in PROJECTIONS]
    has_weights = any(isinstance(p, nn.Module) and [*p.parameters()] for p in projections)
    return inputs[0].shape == output.shape and not has_weights


def is_pointwise(unit: nn.Module, x: Tensor) -> bool:
    """Whether the output at a position depends only on the input at that position."""
    changed = x.clone()
    changed[0, 0, 0, 0] += 1
    difference = unit(x.clone()) != unit(changed)
    difference[0, 0, 0, 0] = False
    return not difference.any()


@pytest.mark.parametrize(
    ("name", "within"), [("vgg11", "features"), ("repvgg_a0", "stages"), ("mobileone_s0", "stages")]
)
def test_without_residual_branches_blocks_follow_every_relu(name: str, within: str) -> None:
    model = timm.create_model(name).eval()
    stages = find_backbone(f"timm:{name}").stages
    sites = [site for stage in stages for site in stage.branches]
    relus = [m for m in model.get_submodule(within).modules() if isinstance(m, nn.ReLU)]
    returned, rectified = list[Tensor](), list[Tensor]()
    for modules, into in ((map(model.get_submodule, sites), returned), (relus, rectified)):
        for module in modules:
            module.register_forward_hook(lambda _m, _i, output, into=into: into.append(output))
    with torch.no_grad():
        model(torch.rand(1, 3, 64, 64))
    assert len(returned) == len(rectified) == len(set(sites))
    assert all(a is b for a, b in zip(returned, rectified, strict=True))


# --- networks in which srbench finds no place


NO_PLACE = [
    ("dpn68+se", "srbench sees no residual branch"),
    ("inception_v3+cbam", "srbench sees no residual branch"),
    ("swin_tiny_patch4_window7_224+se", "ends in (B, 56, 56, 96)"),
    ("swin_tiny_patch4_window7_224+sr", "layers.3 returns (B, 7, 7, 768)"),
    ("vit_tiny_patch16_224+se", "ends in (B, 197, 192)"),
    ("vit_tiny_patch16_224+sr", "returns (B, 197, 192)"),
    ("hrnet_w18_small+sr", "incre_modules does not run as a whole"),
    ("hrnet_w18_small+sr:stage=stage4", "stage4 returns no single tensor"),
    ("nextvit_small+se", "no module that runs once returns it"),
]


@pytest.mark.parametrize(("spec", "why"), NO_PLACE)
def test_without_a_place_the_error_says_why_and_proposes_no_module(spec: str, why: str) -> None:
    """A hint that named modules would lead to a row with a block in a wrong place."""
    with pytest.raises(BuildError) as raised:
        require_buildable(*case_of(parse(f"timm:{spec}")))
    assert why in raised.value.message
    assert "look up in the network's forward which module" in raised.value.hint
    assert not re.search("after=[^ ]|stage=[^ :]", raised.value.hint)


def test_the_hint_names_the_stages_that_have_a_place() -> None:
    spec = "timm:efficientformer_l1+se"
    with pytest.raises(
        BuildError, match=r"stages.3: a residual branch of stages.3.blocks.4"
    ) as said:
        require_buildable(*case_of(parse(spec)))
    assert "that have a place (stages.0, stages.1, stages.2), or look up" in said.value.hint
    some = require_buildable(*case_of(parse(f"{spec}:stage=stages.0/stages.2")))
    assert len(some.inserted) == 3 + 6


def test_a_refusal_builds_nothing_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights, it would take minutes to refuse the largest networks."""
    parse("timm:vit_tiny_patch16_224+se")
    monkeypatch.setattr(timm, "create_model", None)
    with pytest.raises(BuildError, match="ends in"):
        require_buildable(*case_of(parse("timm:vit_tiny_patch16_224+se")))


# --- stages


@pytest.mark.parametrize(
    ("network", "stages"),
    [
        ("resnetv2_18", ["stages.0", "stages.1", "stages.2", "stages.3"]),
        ("hrnet_w18_small", ["layer1", "stage2", "stage3", "stage4", "incre_modules"]),
        ("dla34", ["level2", "level3", "level4", "level5"]),
        # Units in one list: by resolution.
        ("xception41", ["blocks.0", "blocks.1", "blocks.10", "blocks.12"]),
        ("vgg11", ["features.2", "features.5", "features.10", "features.15", "features.20"]),
        # No units: what timm names.
        ("selecsls42", ["features.1", "features.3", "features.5", "head.1"]),
    ],
)
def test_stages_are_the_modules_that_hold_the_units(network: str, stages: list[str]) -> None:
    assert find_backbone(f"timm:{network}").stage_names[: len(stages)] == tuple(stages)


def test_a_network_that_does_not_run_on_shapes_has_no_stages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resnet = timm.models.resnet.ResNet
    monkeypatch.setattr(resnet, "forward", lambda self, x: self.fc(x.mean((2, 3)).tolist()))
    backbones.backbone_at.cache_clear()
    row = find_backbone("timm:resnet26t")
    backbones.backbone_at.cache_clear()
    assert (row.stages, row.input_size) == ((), 256)


@pytest.mark.parametrize(
    ("network", "params", "macs"),
    [  # of the deployed networks, as printed
        ("repvgg_a0", 8.30e6, 1.4e9),  # Ding et al., CVPR 2021, Table 4: 8.30 M, 1.4 B
        ("mobileone_s0", 2.1e6, 275e6),  # Vasu et al., CVPR 2023, Table 2: 2.1 M, 275 M
    ],
)
def test_a_network_that_its_authors_fuse_has_their_figures(
    network: str, params: float, macs: float
) -> None:
    trained, deployed = srbench.count(f"timm:{network}", f"timm:{network}:fuse=true")
    assert deployed.counts.params == pytest.approx(params, rel=0.02)
    assert deployed.counts.macs == pytest.approx(macs, rel=0.04)
    assert trained.counts.macs > deployed.counts.macs
    assert "fuse=true" in trained.settings[trained.spec]
    assert deployed.spec not in deployed.settings


def test_a_block_has_its_places_in_a_fused_network_too() -> None:
    model = srbench.build("timm:repvgg_a0:fuse=true+se", input_size=64)
    assert len(model.inserted_blocks) == 2 + 4 + 14 + 1  # the layers of the stages
    assert srbench.count("timm:resnet18")[0].spec == "timm:resnet18"
    with pytest.raises(SrbenchError, match="fuse"):
        srbench.count("timm:resnet18:fuse=true")
