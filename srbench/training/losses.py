"""The loss of a batch, summed over what counts, and the logits that it and the metrics read."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional

from srbench.errors import BuildError
from srbench.training.data.data_sets import IGNORED


def heads(output: object) -> tuple[Tensor, list[Tensor]]:
    """The logits that a network returns, and those of auxiliary heads: from torchvision's dicts and
    named tuples, or one tensor. Raises BuildError for anything else."""
    values = [*output.values()] if isinstance(output, Mapping) else output
    found = [*values] if isinstance(values, (list, tuple)) else [values]
    tensors = [value for value in found if isinstance(value, Tensor)]
    if not tensors or len(tensors) < len(found):
        raise BuildError(
            f"it returns a {type(output).__name__}, not logits", "return logits (B, classes)"
        )
    return tensors[0], tensors[1:]


def counted(targets: Tensor) -> int:
    """How many targets count: images, or pixels that are not ignored."""
    return int((targets != IGNORED).sum()) if targets.dim() > 1 else len(targets)


def summed_loss(
    output: object, targets: Tensor, label_smoothing: float, auxiliary: float
) -> Tensor:
    """The cross-entropy summed over all targets that count, in nats; that of auxiliary heads is
    multiplied by ``auxiliary`` and added."""
    main, others = heads(output)
    loss = _cross_entropy(main, targets, label_smoothing)
    for logits in others:  # also if it weighs nothing: every parameter then has a gradient
        loss = loss + auxiliary * _cross_entropy(logits, targets, label_smoothing)
    return loss


def _cross_entropy(logits: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
    ignored = IGNORED if targets.dim() > 1 else -100
    return functional.cross_entropy(
        logits.float(),
        targets,
        ignore_index=ignored,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
