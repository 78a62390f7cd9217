"""Checks of blocks and of whole models before they are used."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from srbench.backbones.outputs import logits
from srbench.conditions import Conditions
from srbench.errors import FAILURES, BuildError, SrbenchError, lacks_memory, one_line
from srbench.models import example_inputs
from srbench.models.assembly import Assembly, Inserted
from srbench.shapes.copies import blank_copy, real_copy
from srbench.shapes.known_values import forget_values
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.spec.parse import Part, Spec

NOT_BY_NAME = (
    "the network does not call the preceding module under that name: it may hold it twice, hold it "
    "in a plain list, or call its submodules directly; name another module with after="
)


@contextmanager
def watched(spec: Spec, assembly: Assembly, conditions: Conditions) -> Iterator[None]:
    """Watch a model run, any number of times.

    Raises BuildError afterwards if a block did not run once in each pass on the shape that it was
    built for, or if the model gets an image and does not return logits of as many classes.
    """
    model, runs, seen = assembly.model, Counter[str](), dict[str, object]()

    def after_block(block: Inserted) -> torch.utils.hooks.RemovableHandle:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
            runs[block.module] += 1
            if runs[block.module] == 1:  # later runs may be traced, and this would be too
                seen[block.module] = tuple(inputs[0].shape[1:])

        return model.get_submodule(block.module).register_forward_hook(hook)

    def after_model(module: nn.Module, inputs: object, output: object) -> None:
        runs[""] += 1
        seen.setdefault("", output)

    handles = [after_block(block) for block in assembly.inserted]
    handles.append(model.register_forward_hook(after_model))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    for block in assembly.inserted:
        at = where(spec, block.block, block.module.rpartition(".")[0], block.shape)
        if runs[block.module] != runs[""]:
            often = f"{runs[block.module] / max(1, runs['']):g}"
            raise BuildError(f"{at}: it runs {often} times in a forward pass", NOT_BY_NAME)
        if seen[block.module] != block.shape:
            raise BuildError(f"{at}: it gets {seen[block.module]} instead", NOT_BY_NAME)
    if conditions.image and conditions.num_classes is not None:
        _require_logits(spec, seen[""], conditions.num_classes)


def _require_logits(spec: Spec, output: object, num_classes: int) -> None:
    try:
        first, *_ = logits(output)
    except ValueError as error:
        raise BuildError(
            f"{spec.backbone}: {error}", "return logits (B, classes, …) or a dict of them"
        ) from error
    if first.dim() < 2 or first.shape[1] != num_classes:
        raise BuildError(
            f"{spec.backbone} returns {tuple(first.shape)}, not logits of {num_classes} classes",
            "return (B, classes, …): give --num-classes the number that the network has, or make "
            "it use its argument num_classes",
        )


def does_not_run(what: Spec | Part, conditions: Conditions, error: BaseException) -> BuildError:
    """The error for a forward pass that raised."""
    return BuildError(
        f"{what} does not run on an input of {conditions}: {one_line(error)}",
        f"change {_changeable(what)}the {'--input-size' if conditions.image else '--input'}; "
        "`srbench --debug` shows where it fails",
    )


def _changeable(what: Spec | Part) -> str:
    return "the blocks or " if isinstance(what, Part) or what.blocks else ""


def require_runs(spec: Spec, assembly: Assembly, conditions: Conditions) -> None:
    """Run a copy of a model once, on shapes if it can, as a forward pass may change the model.

    Raises BuildError if it fails, if a block does not run as it should, or if the output is not
    logits.
    """
    try:
        try:
            copied = replace(assembly, model=blank_copy(assembly.model).eval())
            with watched(spec, copied, conditions), on_shapes():
                example_inputs.without_values(conditions)(copied.model)
        except NeedsValues:
            copied = replace(assembly, model=real_copy(assembly.model).eval())
            with watched(spec, copied, conditions), torch.no_grad():
                example_inputs.zeros(conditions)(copied.model)
    except SrbenchError:
        raise
    except FAILURES as error:
        if lacks_memory(error):
            raise
        raise does_not_run(spec, conditions, error) from error


def require_sound(spec: Spec, model: nn.Module, inserted: tuple[Inserted, ...]) -> None:
    """Raises BuildError for a block that cannot move with the model, or changes the shape."""
    kinds: dict[tuple[Part, tuple[int, int, int]], Inserted] = {}
    for block in inserted:  # one of each kind: equal blocks fail equally on equal inputs
        kinds.setdefault((block.block, block.shape), block)
    for block in kinds.values():
        module = model.get_submodule(block.module)
        _require_movable(module, spec, block)
        _require_same_shape(module, spec, block)


def _require_movable(block: nn.Module, spec: Spec, inserted: Inserted) -> None:
    """Everything that a block holds must be on the CPU now, and move with the model later."""
    at = where(spec, inserted.block, inserted.module.rpartition(".")[0], inserted.shape)
    for name, tensor in (*block.named_parameters(), *block.named_buffers()):
        if tensor.device.type != "cpu":
            raise BuildError(
                f"{at}: its {name} is on the device {tensor.device}",
                "create it on the CPU: srbench moves the whole model",
            )
    known = {id(one) for one in (*block.modules(), *block.parameters(), *block.buffers())}
    for module in block.modules():
        for name, value in vars(module).items():
            if name.startswith("_"):
                continue
            if any(_is_state(held) and id(held) not in known for held in _items(value)):
                raise BuildError(
                    f"{at}: its {name} is not registered, so it is not counted "
                    "and does not move with the model to another device",
                    f"make {name} a parameter, a buffer, a ModuleList or a ParameterList",
                )


def _is_state(value: object) -> bool:
    return isinstance(value, Tensor | nn.Module)


def _items(value: object) -> Iterable[object]:
    """The value itself, or the items of a plain list, tuple or dict."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else [value]


def _require_same_shape(block: nn.Module, spec: Spec, inserted: Inserted) -> None:
    """Run a copy of the block alone on two images, so that an error names the block and its site.

    Inside `on_shapes` it runs on shapes, otherwise for real.
    """
    shape = inserted.shape
    at = where(spec, inserted.block, inserted.module.rpartition(".")[0], shape)
    debug = "`srbench --debug` shows where it fails"
    hint = f"a block maps (B, C, H, W) to the same shape; {debug}"
    try:
        with torch.no_grad():
            output = copy.deepcopy(block).eval()(forget_values(torch.zeros(2, *shape)))
    except NeedsValues:
        raise
    except FAILURES as error:
        if lacks_memory(error):
            raise
        raise BuildError(f"{at}: {one_line(error)}", debug) from error
    if not isinstance(output, Tensor):
        raise BuildError(f"{at}: it returns a {type(output).__name__}, not a tensor", hint)
    if output.shape != (2, *shape):
        found = tuple(output.shape)
        raise BuildError(f"{at}: it changes (2, {str(shape)[1:-1]}) to {found}", hint)


def where(spec: Spec, part: Part, site: str, shape: tuple[int, int, int]) -> str:
    return f"{spec}: block {part} at {site}, {'x'.join(map(str, shape))}"
