"""Memory from shapes, to the byte, against real runs whose tensors are followed."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from support.real_memory import Step, real_inference, real_training
from torch import Tensor, nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.densenet import DenseNet
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.googlenet import Inception
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.segmentation.deeplabv3 import DeepLabHead, DeepLabV3
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.models.shufflenetv2 import ShuffleNetV2
from torchvision.models.swin_transformer import SwinTransformer

import srbench
from srbench.blocks import SqueezeExcitation
from srbench.measure.memory_from_shapes import (
    NEXT,
    NO_BATCH,
    Network,
    _highest,
    memory_use,
    training,
)
from srbench.models.subject import Given
from srbench.records.memory_use import MemoryUse, PeakBytes
from srbench.runner import counting
from srbench.shapes.call import Call
from srbench.shapes.copies import blank_copy
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

Make = Callable[[], nn.Module]
Inputs = tuple[Tensor, ...]
BATCHES = (2, 3)


def network(model: nn.Module, *inputs: Tensor) -> Network:
    """A module as it is worked out: a copy, and inputs without values."""
    subject = Given("net", model, Call(inputs), "net")
    return Network(lambda: blank_copy(model), lambda: subject.inputs(initialised=False))


def memory(model: nn.Module, *inputs: Tensor) -> MemoryUse:
    """What the shapes say of a call of a module."""
    return memory_use(network(model, *inputs))


def images(side: int, batch: int = BATCHES[0], dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(batch, 3, side, side, dtype=dtype)


def assert_real(model: nn.Module, *inputs: Tensor) -> None:
    """What a real run takes is what the shapes say: of these inputs, and of one more image; with
    AdamW of these inputs."""
    said = memory(model, *inputs)
    assert said.inference is not None
    assert said.training is not None
    assert said.training.lines, said.missing
    steps = []
    for some in (inputs, [torch.cat([one, one[:1]]) for one in inputs]):
        size = len(some[0])
        steps.append(step := real_training(model, "sgd", *some))
        assert step.kept == step.saved
        assert (size, said.training.at(size)) == (size, step.peak)
        assert (size, said.inference.at(size)) == (size, real_inference(model, *some))
    kept = said.kept
    assert steps[0] == Step(said.training.counted, kept, kept, said.gradients, said.state)
    assert said.inference.counted == said.inference.at(len(inputs[0]))
    one = network(model, *inputs)
    found = training(one, "adamw", one.inputs(), with_parts=True)
    assert real_training(model, "adamw", *inputs) == Step(
        found.highest.alive, found.kept, found.kept, found.gradients, found.state
    )


def vision(name: str, **options: object) -> Make:
    return lambda: torchvision.models.get_model(name, weights=None, **options)


def from_timm(name: str, **options: object) -> Make:
    return lambda: timm.create_model(name, **options)


def built(spec: str, side: int) -> Make:
    return lambda: srbench.build(spec, input_size=side)


def convolving() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 8, 5, groups=4)),
        *(nn.MaxPool1d(2), nn.Flatten(2), nn.GRU(13, 6, 2, batch_first=True, bidirectional=True)),
    )


def mobilenet() -> nn.Module:
    inverted = [
        InvertedResidualConfig(16, 3, 16, 16, True, "RE", 2, 1, 1),
        InvertedResidualConfig(16, 5, 64, 24, True, "HS", 2, 1, 1),
        InvertedResidualConfig(24, 5, 64, 24, True, "HS", 1, 2, 1),
    ]
    return MobileNetV3(inverted, last_channel=32, num_classes=10)


def efficientnet() -> nn.Module:
    blocks = [
        MBConvConfig(1, 3, 1, 16, 8, 1, 1.0, 1.0),
        MBConvConfig(6, 5, 2, 8, 16, 3, 1.0, 1.0),
    ]
    return EfficientNet(blocks, dropout=0.2, stochastic_depth_prob=0.3, num_classes=10)


def inception() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 7, 2, 3), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(Inception(16, 8, 8, 16, 4, 8, 8), Inception(40, 16, 8, 16, 4, 8, 8)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(48, 10)),
    )


def segmentation() -> nn.Module:
    """A backbone whose two outputs are enlarged to the image's size, as a mapping."""
    backbone = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1))
    parts = IntermediateLayerGetter(backbone, {"0": "aux", "2": "out"})
    return DeepLabV3(parts, DeepLabHead(32, 5, (2, 4)), FCNHead(16, 5))


class First(nn.Module):
    """The first of what a recurrent network returns."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)[0]


class Small(nn.Module):
    """A convolution, a block with dropout, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)
        self.se, self.fc = SqueezeExcitation(8, 2), nn.Linear(8, 5)
        self.drop = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.se(self.norm(self.conv(x)).relu_())
        return self.fc(self.drop(y.mean((2, 3))))


FAMILIES: dict[str, tuple[Make, int]] = {
    "ResNet, SR": (built("resnet18+sr", 32), 32),
    "CIFAR, all blocks": (built("cifar_resnet8+se+sr+cbam+dropout2d", 32), 32),
    "MobileNetV3, with its SE": (mobilenet, 32),
    "DenseNet": (lambda: DenseNet(8, (2, 2), 16, num_classes=10), 48),
    "GoogLeNet": (inception, 48),
    "ShuffleNet": (lambda: ShuffleNetV2([2, 2, 2], [8, 16, 32, 64, 128], num_classes=10), 64),
    "EfficientNet, stochastic depth": (efficientnet, 32),
    "ConvNeXt": (
        from_timm("convnext_atto", depths=(1, 1, 2, 1), dims=(8, 16, 24, 32), drop_path_rate=0.1),
        64,
    ),
    "ViT": (from_timm("vit_tiny_patch16_224", img_size=48, depth=2, embed_dim=48), 48),
    "Swin": (
        lambda: SwinTransformer([4, 4], 16, [2, 2], [2, 4], [4, 4], stochastic_depth_prob=0.2),
        32,
    ),
    "Segmentation": (segmentation, 48),
}
QUICK = ("ResNet, SR", "CIFAR, all blocks", "MobileNetV3, with its SE", "DenseNet", "ViT")
# Of every family in torchvision, and of timm; each at its smallest that is quick.
OTHERS: dict[str, tuple[Make, int]] = {
    **{
        f"torchvision {name}": (vision(name), side)
        for name, side in {
            **dict.fromkeys(("alexnet", "squeezenet1_1", "mnasnet0_5", "mobilenet_v2"), 64),
            **dict.fromkeys(("resnext50_32x4d", "regnet_x_400mf", "regnet_y_400mf"), 64),
            **dict.fromkeys(("densenet121", "swin_t", "swin_v2_t", "vgg11_bn"), 64),
            "vit_b_32": 224,
        }.items()
    },
    "torchvision inception_v3": (vision("inception_v3", init_weights=False, aux_logits=False), 96),
    "torchvision lraspp": (vision("lraspp_mobilenet_v3_large", weights_backbone=None), 64),
    "torchvision fcn": (vision("fcn_resnet50", weights_backbone=None), 64),
    **{
        f"timm {name}": (from_timm(name), side)
        for name, side in {
            **dict.fromkeys(("convnextv2_atto", "ghostnet_050", "poolformer_s12"), 64),
            **dict.fromkeys(("mobilenetv4_conv_small", "edgenext_xx_small", "resnest14d"), 64),
            **dict.fromkeys(("mobilevit_xxs", "repvgg_a0", "regnetz_005", "dla34"), 64),
            **dict.fromkeys(("mixer_s32_224", "pit_ti_224", "xcit_nano_12_p16_224"), 224),
        }.items()
    },
}


@pytest.mark.parametrize(
    ("make", "side"),
    [
        *(pytest.param(*FAMILIES[name], id=name) for name in QUICK),
        *(
            pytest.param(*one, id=name, marks=pytest.mark.catalog)
            for name, one in (FAMILIES | OTHERS).items()
            if name not in QUICK
        ),
    ],
)
def test_the_bytes_are_those_of_a_real_run(make: Make, side: int) -> None:
    assert_real(make(), images(side))


NETWORKS: dict[str, tuple[Make, Inputs]] = {
    "conv1d and GRU": (lambda: First(convolving()), (torch.rand(2, 3, 33),)),
    "RNN": (lambda: First(nn.RNN(8, 6, 2, batch_first=True)), (torch.rand(2, 5, 8),)),
    "embedding": (
        lambda: nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.Linear(40, 3)),
        (torch.zeros(2, 5, dtype=torch.long),),
    ),
    "conv3d": (
        lambda: nn.Sequential(nn.Conv3d(2, 4, 3), nn.MaxPool3d(2), nn.ConvTranspose3d(4, 2, 2)),
        (torch.rand(2, 2, 8, 8, 8),),
    ),
    "norms": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8)),
        (images(12),),
    ),
    "channels last": (
        lambda: Small().to(memory_format=torch.channels_last),
        (images(12).to(memory_format=torch.channels_last),),
    ),
    "bfloat16": (lambda: Small().bfloat16(), (images(12, dtype=torch.bfloat16),)),
    "float16 norms": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.LayerNorm(10), nn.GroupNorm(2, 8)).half(),
        (images(12, dtype=torch.half),),
    ),
    "float64": (lambda: Small().double(), (images(12, dtype=torch.double),)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_bytes_of_given_modules_are_those_of_a_real_run(name: str) -> None:
    make, inputs = NETWORKS[name]
    assert_real(make(), *inputs)


def test_in_evaluation_an_lstm_is_known_and_in_training_it_is_said_to_be_missing() -> None:
    model, x = First(nn.LSTM(8, 6, 2, batch_first=True)), torch.rand(2, 5, 8)
    said = memory(model, x)
    assert said.inference is not None
    assert said.inference.at(2) == said.inference.counted == real_inference(model, x)
    assert said.training == PeakBytes(None, None)
    assert "oneDNN alone knows the size of what an LSTM keeps" in said.missing[0]


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (nn.TransformerEncoderLayer, (torch.rand(2, 5, 8),)),
        (nn.TransformerDecoderLayer, (torch.rand(2, 5, 8), torch.rand(2, 4, 8))),
    ],
)
def test_attention_that_is_fused_in_evaluation_needs_no_more(
    layer: Callable[..., nn.Module], inputs: Inputs
) -> None:
    """The fused operator has no rule for shapes, so attention is run step by step."""
    model = layer(8, 2, 16, batch_first=True)
    said = memory(model, *inputs)
    assert said.inference is not None
    assert said.inference.counted > real_inference(model, *inputs)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        assert_real(model, *inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_record_has_what_was_worked_out(optimizer: str) -> None:
    model, x = Small(), images(12)
    extras = counting.Extras(memory=True, optimizer=optimizer)
    (record,) = counting.count([Given("net", model, Call((x,)), "net")], extras)
    assert record.counts is not None
    assert record.counts.memory == memory_use(network(model, x), optimizer)
    assert record.counts.memory.training.at(2) == real_training(model, optimizer, x).peak


def test_inference_mode_holds_the_same() -> None:
    model = srbench.build("cifar_resnet20+sr", input_size=32)
    x = images(32)
    assert real_inference(model, x) == real_inference(model, x, whole=True)


class Reads(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.sum() > -1 else x[:, :1])


class Draws(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (2 if self.training and torch.rand(()) < 0.5 else 1)


def test_a_network_that_reads_values_has_no_memory_and_says_why() -> None:
    said = memory(Reads(), images(12))
    assert (said.inference, said.training, said.kept, said.at) == (None, None, None, "")
    (why,) = said.missing
    assert why.startswith("inference is not known: it needs values (")
    assert list(said.notes) == [f"memory: {why}"]


def test_a_training_step_that_is_different_by_chance_is_not_known() -> None:
    said = memory(Draws(), images(12))
    assert said.inference is not None
    assert said.inference.counted == real_inference(Draws(), images(12))
    assert said.training == PeakBytes(None, None)
    assert all("it needs values (" in why for why in said.missing)


class ByImage(Small):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([super(ByImage, self).forward(one[None]) for one in x])


class Pairwise(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y @ y.T


@pytest.mark.parametrize(
    ("model", "x", "why"),
    [
        (ByImage().eval(), images(12), "it runs other operators on another batch"),
        (Pairwise(4, 4), torch.rand(2, 4), "it does not grow evenly with the batch"),
    ],
)
def test_where_the_batch_decides_only_the_counted_call_is_known(
    model: nn.Module, x: Tensor, why: str
) -> None:
    said = memory(model, x)
    assert said.inference is not None
    assert said.inference.counted == real_inference(model, x)
    assert said.inference.lines == ()
    assert said.inference.at(2) is said.inference.largest_batch(10**12) is None
    assert f"inference of a batch is not known: {why}" in said.missing


def test_inputs_without_a_common_first_side_have_no_other_batch() -> None:
    bilinear = nn.TransformerDecoderLayer(8, 2, 16)  # the first side is the length
    said = memory(bilinear, torch.rand(5, 2, 8), torch.rand(4, 2, 8))
    assert said.inference == PeakBytes(
        real_inference(bilinear, torch.rand(5, 2, 8), torch.rand(4, 2, 8)), None
    )
    assert said.missing == (f"any other batch is not known: {NO_BATCH}",)


def mapped() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(2), nn.Linear(100, 3))


def test_other_batches_lie_in_memory_as_the_inputs_do() -> None:
    x = images(12).to(memory_format=torch.channels_last)
    flat = nn.Sequential(Channels(), nn.Linear(3, 4))
    assert_real(flat, x)
    needed = images(12).requires_grad_()
    said = memory(mapped(), needed)
    assert said.training is not None
    for size in (2, 7):
        y = torch.rand(size, 3, 12, 12, requires_grad=True)
        assert said.training.at(size) == real_training(mapped(), "sgd", y).peak


class Channels(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).contiguous()


@pytest.mark.parametrize("x", [torch.rand(4, 8)[:, :4], torch.rand(1, 4).expand(4, 4)])
def test_of_views_no_other_batch_is_known(x: Tensor) -> None:
    said = memory(nn.Linear(4, 3), x)
    assert said.inference is not None
    assert (said.inference.one, said.inference.lines) == (None, ())
    assert said.missing == (f"any other batch is not known: {NO_BATCH}",)


class InParts(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([super(InParts, self).forward(one)[:, :1] for one in x.split(16)])


class Switches(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if len(x) <= 64 else x.relu())


@pytest.mark.parametrize(
    ("model", "x"), [(InParts(4, 8), torch.rand(2, 4)), (Switches().eval(), images(12))]
)
def test_what_changes_at_a_larger_batch_is_not_known(model: nn.Module, x: Tensor) -> None:
    said = memory(model, x)
    assert said.inference is not None
    assert said.inference.counted == real_inference(model, x)
    assert said.inference.lines == ()


class Computes(nn.Module):
    """A convolution, and a function of its result."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda y: nn.functional.unfold(y, 3).mean(1), "col2im"),
        (lambda y: nn.functional.mse_loss(y, torch.zeros_like(y)), "mse_loss"),
        (lambda y: nn.functional.smooth_l1_loss(y, torch.zeros_like(y)), "smooth_l1_loss"),
    ],
)
def test_operators_of_which_the_memory_is_not_known_are_named(
    function: Callable[[Tensor], Tensor], said: str
) -> None:
    found = memory(Computes(function), images(12))
    assert any(f"the memory of {said} is not known" in why for why in found.missing)
    assert found.training is None or found.training.counted is None


def test_modules_that_cannot_be_followed_have_no_memory() -> None:
    sparse = nn.Linear(4, 4)
    sparse.register_buffer("eye", torch.eye(4).to_sparse())
    bag = nn.Embedding(10, 4, sparse=True)
    scripted = nn.Sequential(torch.jit.script(nn.Linear(4, 4)), nn.ReLU())
    x = torch.rand(2, 4)
    for model, inputs, why in (
        (sparse, x, "sparse tensors"),
        (scripted, x, "it holds modules of TorchScript"),
        (bag, torch.zeros(2, 3, dtype=torch.int64), "an embedding has sparse gradients"),
    ):
        found = memory(model, inputs)
        assert any(why in one for one in found.missing), found.missing
        assert found.training is None or found.training.counted is None


def test_what_no_gradient_reaches_has_no_state() -> None:
    model = Small()
    model.unused = nn.Linear(320, 300)
    with_unused, without = memory(model, images(12)), memory(Small(), images(12))
    assert (with_unused.state, with_unused.gradients) == (without.state, without.gradients)
    assert with_unused.kept == without.kept


def test_gradients_that_are_not_wanted_are_not_made() -> None:
    first = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3))
    assert_real(first, images(12))
    frozen = nn.Sequential(nn.Conv2d(3, 4, 3).requires_grad_(False), nn.BatchNorm2d(4), nn.ReLU())
    assert_real(frozen, images(12))


def test_training_from_two_images_on() -> None:
    """Batch norm refuses a single value per channel."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.BatchNorm1d(4))
    said = memory(model, torch.rand(1, 3, 2, 2))
    assert said.inference is not None
    assert said.training is not None
    assert (said.training.counted, said.training.one, said.kept) == (None, None, None)
    for size in (2, 5):
        step = real_training(model, "sgd", torch.rand(size, 3, 2, 2))
        assert said.training.at(size) == step.peak
    assert said.training.largest_batch(step.peak) == 5
    (why,) = said.missing
    assert why.startswith(
        "training is not known: ValueError: Expected more than 1 value per channel"
    )
    assert "--batch-size" not in why


def test_without_anything_to_train_there_is_inference_alone() -> None:
    model, x = Small().requires_grad_(False), images(12)
    said = memory(model, x)
    assert said.inference is not None
    assert said.inference.counted == real_inference(model, x)
    assert "training is not known: no parameter needs a gradient" in said.missing


def test_frozen_parts_need_less() -> None:
    whole, frozen = Small(), Small()
    for part in (frozen.conv, frozen.norm):
        part.requires_grad_(False)
    assert_real(frozen, images(12))
    of_whole, of_frozen = memory(whole, images(12)), memory(frozen, images(12))
    assert of_frozen.gradients == of_whole.gradients - 4 * (8 * 3 * 9 + 8 + 8)
    assert of_frozen.state == of_frozen.gradients
    assert of_frozen.kept < of_whole.kept
    assert of_frozen.inference == of_whole.inference


class Twice(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + super().forward(x.flip(2))


class Caches(Small):
    """Keeps a mask of its first pass, and a tensor that is no buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.masks = torch.ones(3, 12, 12), list[Tensor]()

    def forward(self, x: Tensor) -> Tensor:
        if not self.masks:
            self.masks.append(torch.ones(12, 12) / 2)
        return super().forward(x * self.masks[0] * self.own)


@pytest.mark.parametrize("kind", [Twice, Caches])
def test_what_is_used_twice_or_kept_counts_once(kind: type[nn.Module]) -> None:
    assert_real(kind(), images(12))


def test_the_largest_batch_fits_and_the_next_one_does_not() -> None:
    said, limit = memory(Small(), images(24)), 3_000_000
    runs: dict[str, Callable[[Tensor], int]] = {
        "inference": lambda x: real_inference(Small(), x),
        "training": lambda x: real_training(Small(), "sgd", x).peak,
    }
    for name, run in runs.items():
        largest = getattr(said, name).largest_batch(limit)
        assert largest > 5
        assert run(images(24, largest)) <= limit < run(images(24, largest + 1))


# Of 32 images: the peaks that torch's allocator reported on an H200, in GB above weights and batch,
# without an optimiser (benchmarks/RESULTS-gpu.md).
ON_AN_H200 = {
    "resnet50": (0.334, 2.790),
    "resnet50+se": (0.437, 3.498),
    "resnet50+cbam": (0.541, 4.242),
    "resnet50+sr": (0.334, 2.800),
}


@pytest.mark.parametrize(
    "spec",
    [pytest.param(s, marks=() if s == "resnet50+sr" else pytest.mark.catalog) for s in ON_AN_H200],
)
def test_the_bytes_are_near_those_that_a_gpu_reported(spec: str) -> None:
    (record,) = counting.run([case_of(parse(spec), 224)], counting.Extras(memory=True))
    assert record.counts is not None
    said = record.counts.memory
    assert said is not None
    weights, batch = record.counts.params * 4, 32 * 3 * 224 * 224 * 4
    inference, step = ON_AN_H200[spec]
    assert round((said.inference.at(32) - weights - batch) / 1e9, 3) == inference
    # The peak is in the backward pass, before the optimiser's step, which only adds its state.
    assert (said.training.at(32) - weights - batch - said.state) / 1e9 == pytest.approx(
        step, rel=0.01
    )


line = st.tuples(st.integers(-200, 2000), st.integers(0, 60)).filter(
    lambda one: sum(one) + one[1] >= 0
)


@cache
def _peak(lines: tuple[tuple[int, int], ...], size: int) -> int:
    return max(fixed + size * each for fixed, each in lines)


@settings(deadline=None)
@given(st.lists(line, min_size=1, max_size=6).map(tuple), st.integers(0, 2500), st.booleans())
def test_the_largest_batch_is_what_trying_finds(
    lines: tuple[tuple[int, int], ...], limit: int, is_one_known: bool
) -> None:
    one = 700 if is_one_known else None
    fits = [size for size in range(2, 3000) if _peak(lines, size) <= limit]
    found = PeakBytes(one, one, lines).largest_batch(limit)
    if fits and fits[-1] == 2999:  # no more is tried
        assert found is None or found >= 2999
    else:
        assert found == (fits[-1] if fits else int(is_one_known and limit >= 700))


@settings(deadline=None)
@given(st.sets(line, min_size=1, max_size=12))
def test_the_highest_lines_are_those_that_are_somewhere_the_highest(
    lines: set[tuple[int, int]],
) -> None:
    found = _highest(lines)
    every = tuple(lines)
    for size in (*range(NEXT[0], 300), 10**4, 10**7):
        assert _peak(found, size) == _peak(every, size)
    # Each is the only highest one at some number, perhaps a broken one.
    assert list(found) == sorted(set(found), key=lambda one: one[1])
    ends = [Fraction(a[0] - b[0], b[1] - a[1]) for a, b in pairwise(found)]
    assert ends == sorted(set(ends))
