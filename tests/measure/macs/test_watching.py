"""What the dispatcher shows: modules, operators that move data, and formulas of a user's own."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

import srbench
from srbench.errors import SrbenchError
from srbench.measure.forward_counts import count_for_real, count_forward, count_on_shapes
from srbench.measure.macs import formulas


class Function(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def places(x: Tensor) -> Tensor:
    return torch.arange(x.shape[1])


MOVES = {
    "im2col": lambda x: F.unfold(x, 3),
    "col2im": lambda x: F.fold(x.flatten(2), (5, 5), 2),
    "index_select": lambda x: x.index_select(1, places(x)),
    "index": lambda x: x[:, places(x)],
    "index by condition": lambda x: x[:, places(x) > 1],
    "gather": lambda x: x.gather(1, torch.zeros_like(x, dtype=torch.int64)),
    "take_along_dim": lambda x: x.take_along_dim(x.argsort(1), 1),
    "scatter": lambda x: x.scatter(1, torch.zeros_like(x, dtype=torch.int64), x),
    "scatter_add": lambda x: x.scatter_add(1, torch.zeros_like(x, dtype=torch.int64), x),
    "index_copy": lambda x: x.clone().index_copy(1, places(x), x),
    "index_add": lambda x: x.clone().index_add(1, places(x), x),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "tile": lambda x: x.tile(2),
    "one_hot": lambda x: F.one_hot(places(x), x.shape[1]),
    "embedding": lambda x: F.embedding(places(x), x[0, 0]),
    "embedding_bag": lambda x: F.embedding_bag(places(x)[None], x[0, 0]),
    "meshgrid": lambda x: torch.meshgrid(places(x), places(x), indexing="ij")[0],
    "rot90": lambda x: x.rot90(1, (2, 3)),
    "roll": lambda x: x.roll(1, 2),
    "flip": lambda x: x.flip(2),
    "hstack": lambda x: torch.hstack([x, x]),
    "stack": lambda x: torch.stack([x, x]),
    "narrow_copy": lambda x: x.narrow_copy(1, 0, 2),
    "unsafe_chunk": lambda x: torch.cat(x.unsafe_chunk(2, 1), 1),
    "split": lambda x: torch.cat(x.split(2, 1), 1),
    "fill_": lambda x: x.clone().fill_(3),
    "zero_": lambda x: x.clone().zero_(),
    "full_like": lambda x: torch.full_like(x, 2),
    "pad": lambda x: F.pad(x, (1, 1)),
    "reflect": lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    "replicate": lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"),
    "circular": lambda x: F.pad(x, (1, 1, 1, 1), mode="circular"),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda x: F.channel_shuffle(x, 2),
    "unpool": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "tril": lambda x: x.tril(),
    "triangle": lambda x: torch.triu_indices(4, 4),
    "random": lambda x: torch.rand_like(x).uniform_().normal_(),
    "eye": lambda x: torch.eye(4),
    "one dimension": lambda x: x.flatten().view_as(x).contiguous(),
}
CONVENTIONS = {
    "var": lambda x: x.var(1),
    "var_mean": lambda x: torch.var_mean(x, (2, 3))[0],
    "std": lambda x: x.std((2, 3)),
    "norm": lambda x: x.norm(dim=1),
    "cumsum": lambda x: x.cumsum(1),
    "prod": lambda x: x.prod(1),
    "sum": lambda x: x.sum((2, 3)),
    "logsumexp": lambda x: x.logsumexp(1),
    "median": lambda x: x.median(1)[0],
    "argmax": lambda x: x.argmax(1),
    "topk": lambda x: x.topk(2, 1)[0],
    "sort": lambda x: x.sort(1)[0],
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1:]),
    "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:]),
    "group_norm": lambda x: F.group_norm(x, 2),
    "instance_norm": lambda x: F.instance_norm(x),
    "normalize": lambda x: F.normalize(x, dim=1),
    "local_response_norm": lambda x: F.local_response_norm(x, 3),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "avg_pool": lambda x: F.avg_pool2d(x, 2),
    "lp_pool": lambda x: F.lp_pool2d(x, 2, 2),
    "adaptive_max": lambda x: F.adaptive_max_pool2d(x, 2),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "grid_sample": lambda x: F.grid_sample(x, x[..., :2], align_corners=False),
    "weight_norm": lambda x: torch._weight_norm(x, x[:, :1, :1, :1], 0),
    "outer": lambda x: torch.outer(x.flatten(), x.flatten()),
    "lerp": lambda x: torch.lerp(x, x + 1, 0.5),
    "where": lambda x: torch.where(x > 0, x, 0),
    "cross_entropy": lambda x: F.cross_entropy(x, x.argmax(1)),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_only_moves_data_is_silent(name: str) -> None:
    for count in (count_on_shapes, count_for_real):
        counted = count(Function(MOVES[name]), torch.rand(1, 4, 4, 4))
        assert (counted.macs, counted.unknown, counted.disguised) == (0, {}, {})


@pytest.mark.parametrize("name", CONVENTIONS)
def test_reductions_and_their_like_are_uncounted_by_convention(name: str) -> None:
    counted = count_on_shapes(Function(CONVENTIONS[name]), torch.rand(1, 4, 4, 4))
    assert (counted.macs, counted.unknown, counted.disguised) == (0, {}, {})
    assert counted.uncounted or counted.flops


class Nested(nn.Module):
    """Products of its own, in a child that runs twice, and in a module without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.child = nn.Linear(4, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.child(self.child(x)) @ torch.ones(4, 5)


def test_products_belong_to_the_module_that_calls_them() -> None:
    counted = count_on_shapes(Nested(), torch.rand(3, 4))
    assert counted.of("") == (2 * 3 * 4 * 4 + 3 * 4 * 5, 2 * 3 * 4 * 4 + 3 * 4 * 5)
    assert counted.of("child")[0] == 2 * 3 * 4 * 4


@pytest.fixture
def blur() -> Iterator[Callable[..., Tensor]]:
    with torch.library._scoped_library("counted", "FRAGMENT") as library:
        library.define("blur(Tensor x, Tensor kernel) -> Tensor")
        library.impl("blur", lambda x, kernel: x * kernel.sum(), "CompositeExplicitAutograd")
        yield torch.ops.counted.blur
    formulas._registered.clear()


def test_an_operator_of_ones_own_is_a_warning_until_it_has_a_formula(blur: Callable) -> None:
    model = Function(lambda x: blur(x, torch.ones(3, 3)))
    assert count_forward(model, torch.rand(1, 2, 5, 5)).unknown == {"counted::blur": 1}
    for name in (blur, blur.default, "counted::blur"):
        formulas._registered.clear()
        srbench.register_count(name, lambda x, kernel, *, out: out.numel() * kernel.numel())
        counted = count_forward(model, torch.rand(1, 2, 5, 5))
        assert (counted.macs, counted.unknown) == (50 * 9, {})
        assert [one.operator for one in counted.differences] == ["counted::blur"]


@pytest.mark.parametrize(
    ("operator", "formula"), [("blur", len), ("counted::blur", 9), ("a::b::c", len)]
)
def test_a_wrong_registration_answers_in_words(operator: str, formula: object) -> None:
    with pytest.raises(SrbenchError) as raised:
        srbench.register_count(operator, formula)
    assert raised.value.hint
