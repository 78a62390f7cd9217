"""A network that is analyzed: the module itself, its blocks, and how it classifies images."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from srbench.analysis.mixers import Block, blocks
from srbench.analysis.moments import Integers
from srbench.backbones.outputs import logits
from srbench.errors import FAILURES, BuildError, SrbenchError, one_line, some


def unwrapped(model: nn.Module) -> nn.Module:
    """The module itself, without what torch.compile or a parallel wrapper put around it: hooks on
    what is compiled would not be called."""
    inner = getattr(model, "_orig_mod", None)
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        inner = model.module
    return unwrapped(inner) if isinstance(inner, nn.Module) else model


def require_uncompiled(model: nn.Module) -> None:
    """Raises SrbenchError if a part of a network is compiled: its hooks would not be called."""
    for name, module in model.named_modules():
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None):
            raise SrbenchError(
                f"{name or 'the network'} is compiled", "give the network without torch.compile"
            )


def input_of(args: Sequence[Any], keywords: Mapping[str, Any]) -> Tensor:
    """The input of a block, by position or by name."""
    found: Tensor = args[0] if args else next(iter(keywords.values()))
    return found


def digest(model: nn.Module) -> str:
    """Identifies the weights of a model."""
    found = sha256()
    for key, value in sorted(model.state_dict().items()):
        if isinstance(value, torch.Tensor):
            found.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
            plain = value.detach().cpu().contiguous().flatten()
            found.update(plain.view(torch.uint8).numpy().tobytes())
    return found.hexdigest()[:16]


def blocks_of(model: nn.Module) -> list[Block]:
    """The model's blocks. Raises SrbenchError if there are none, with what it has instead."""
    if found := blocks(model):
        return found
    kinds = Counter(type(one).__name__ for one in model.modules() if not list(one.children()))
    has = some([f"{number} {kind}" for kind, number in kinds.most_common()])
    raise SrbenchError(
        f"{type(model).__name__} has no SR, SE or CBAM block; it has {has or 'no module'}",
        "analyze a network with one, such as cifar_resnet20+sr",
    )


def predicted(model: nn.Module, batch: Tensor) -> Integers:
    """The class of the highest logit of each image, the lowest of several; -1 beside a logit that
    is no number. Raises SrbenchError as `logits_of` does."""
    found = logits_of(model, batch)
    classes = torch.where(found.isnan().any(1), -1, found.argmax(1))
    numbers: Integers = classes.cpu().numpy().astype(np.int64)
    return numbers


def logits_of(model: nn.Module, batch: Tensor) -> Tensor:
    """The logits of images, (B, classes).

    Raises SrbenchError if the model does not run on the images, or does not return logits.
    """
    try:
        # A copy: a network may change its input in place, and gets it once for each ablation.
        found = logits(model(batch.to(device_of(model), copy=True)))[0].detach()
    except SrbenchError:
        raise
    except FAILURES as error:
        raise BuildError(
            f"the network does not run on images of {_size(batch)}: {one_line(error)}",
            "give images of the size that it was trained on",
        ) from error
    if found.dim() != 2 or len(found) != len(batch):
        raise BuildError(
            f"the network returns {_size(found)} for {len(batch)} images",
            "let it return logits (B, classes)",
        )
    return found


def _size(values: Tensor) -> str:
    return "×".join(map(str, values.shape))


def device_of(model: nn.Module) -> torch.device:
    """The device of a model's weights."""
    tensors = [*model.parameters(), *model.buffers()]
    return tensors[0].device if tensors else torch.device("cpu")


@contextmanager
def in_evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards every module has the mode that it had.

    What a network makes and keeps meanwhile can be trained later, unlike under inference_mode.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
