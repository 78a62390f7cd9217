"""What one row measures, however it was named: the network of a spec, or an object that was given.

Runners count and time subjects; only here do they differ.
"""

import reprlib
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from srbench.conditions import Input, Setup
from srbench.errors import BuildError, one_line
from srbench.models import example_inputs
from srbench.models.assembly import Assembly
from srbench.models.build import assemble, require_buildable
from srbench.models.checks import does_not_run, watched
from srbench.models.fingerprint import module_fingerprint
from srbench.models.plain_module import materialise
from srbench.records.record import UNKNOWN
from srbench.shapes.call import Call
from srbench.shapes.copies import blank_copy, has_tensor_hooks, real_copy, refers
from srbench.shapes.nested import tensors_within
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.torch_function import NeedsValues
from srbench.spec.cases import Case, usual
from srbench.spec.parse import backbone_of, settings


class Subject(Protocol):
    """What one row measures.

    ``name`` and ``baseline`` are the names of its row and of the one it is compared with; subjects
    with the same ``group`` are compared. ``auxiliary`` is the module of a head that inference does
    not use, and ``values`` say what its inputs hold. ``is_called_as_it_is`` if no mode of torch is
    set around it, and ``can_be_sent`` if a fresh process can build it.
    """

    @property
    def name(self) -> str: ...
    @property
    def baseline(self) -> str: ...
    @property
    def group(self) -> Hashable: ...
    @property
    def auxiliary(self) -> str: ...
    @property
    def values(self) -> str: ...
    @property
    def can_be_sent(self) -> bool: ...
    @property
    def is_called_as_it_is(self) -> bool: ...

    def row(self) -> dict[str, Any]:
        """The fields of a record that say what was measured."""

    def assemble(self, initialised: bool = True) -> Assembly:
        """The model, which the caller may change; if not ``initialised``, for counting only.

        Raises SrbenchError if it cannot be built, and NeedsValues if that needs values.
        """

    def require_runs(self) -> Assembly:
        """The model, after a copy of it has run once. Raises SrbenchError if it does not."""

    def inputs(self, initialised: bool = True) -> Call:
        """Inputs for one call, which the caller may change; if not ``initialised``, without values
        and for counting only."""

    def watched(self, assembly: Assembly) -> AbstractContextManager[None]:
        """Watches the model run. Raises BuildError afterwards if it did not run as it should."""

    def does_not_run(self, error: BaseException) -> BuildError:
        """The error for a forward pass that raised."""

    def batch(self, setup: Setup) -> Call:
        """The inputs of a call that is timed."""

    def setup(self, setup: Setup) -> Setup:
        """The setup as it is recorded: with the dtype that the model has."""

    def dtype(self, setup: Setup) -> torch.dtype | None:
        """The dtype that the model and its inputs are converted to; None if they stay as they
        are."""


@dataclass(frozen=True)
class FromSpec:
    """The network of a spec, under its conditions."""

    case: Case
    values = "zeros"
    can_be_sent = True
    is_called_as_it_is = False

    @property
    def name(self) -> str:
        return str(self.case.spec)

    @property
    def baseline(self) -> str:
        return str(self.case.spec.baseline)

    @property
    def group(self) -> Hashable:
        return self.case.spec.baseline, self.case.conditions

    @property
    def auxiliary(self) -> str:
        return backbone_of(self.case.spec.backbone).auxiliary

    def row(self) -> dict[str, Any]:
        row = self.case.key
        return row._asdict() | {
            "baseline": self.baseline,
            "settings": settings(self.case.spec),
            "usual": usual(self.case.spec),
        }

    def assemble(self, initialised: bool = True) -> Assembly:
        return assemble(*self.case, initialised=initialised)

    def require_runs(self) -> Assembly:
        return require_buildable(*self.case)

    def inputs(self, initialised: bool = True) -> Call:
        make = example_inputs.zeros if initialised else example_inputs.without_values
        return make(self.case.conditions)

    def watched(self, assembly: Assembly) -> AbstractContextManager[None]:
        return watched(self.case.spec, assembly, self.case.conditions)

    def does_not_run(self, error: BaseException) -> BuildError:
        return does_not_run(*self.case, error)

    def batch(self, setup: Setup) -> Call:
        return example_inputs.random(self.case.conditions, setup.batch, setup.seed)

    def setup(self, setup: Setup) -> Setup:
        return setup

    def dtype(self, setup: Setup) -> torch.dtype | None:
        return torch.float32 if setup.amp else getattr(torch, setup.dtype)


class Function(nn.Module):
    """A callable in the place of a module; it is never copied."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **keywords: Any) -> Any:
        return self.function(*args, **keywords)

    def __deepcopy__(self, memo: object) -> "Function":
        return self


@dataclass(frozen=True, eq=False)
class Given:
    """A module or callable as it was given, with its inputs. It is never changed: copies of it are
    measured, but a callable is called itself.

    ``asked`` is the dtype that it is to be converted to, if any, and ``hint`` the remedy if it does
    not run.
    """

    name: str
    model: nn.Module
    call: Call
    baseline: str
    kind: Literal["module", "callable"] = "module"
    asked: str | None = None
    hint: str = "give other inputs"
    values: str = "its inputs"
    auxiliary = ""
    can_be_sent = False

    @property
    def group(self) -> Hashable:
        return self.baseline

    @property
    def is_called_as_it_is(self) -> bool:
        return self.kind == "callable"

    def row(self) -> dict[str, Any]:
        return {
            "spec": self.name,
            "baseline": self.baseline,
            "input": None,
            "num_classes": None,
            "inputs": tuple(texts(self.call)),
            "subject": self.kind,
        }

    def assemble(self, initialised: bool = True) -> Assembly:
        copy = real_copy if initialised else blank_copy
        model = self._copied(copy)
        materialise(model, lambda: copy(self.call), nullcontext if initialised else on_shapes)
        known = not isinstance(self.model, Function)
        return Assembly(model, (), module_fingerprint(self.model) if known else UNKNOWN, ())

    def _copied(self, copy: Callable[[nn.Module], nn.Module]) -> nn.Module:
        """Raises BuildError if it cannot be copied, or if a copy would run the module itself."""
        model = self._tried(copy)
        if refers(model, self.model) and not isinstance(self.model, Function):
            raise BuildError(
                f"{self.name}: a copy of it would use the module itself, by a function that it "
                "keeps, such as a hook, or by a class that copies itself",
                "make it a method of the module, or remove the hook",
            )
        return model

    def _tried(self, copy: Callable[[nn.Module], nn.Module]) -> nn.Module:
        try:
            return copy(self.model)
        except NeedsValues:
            raise
        except Exception as error:  # a class may say what a copy of it is, and raise anything
            raise BuildError(
                f"{self.name}: it cannot be copied: {one_line(error)}",
                "let it hold what copy.deepcopy can copy",
            ) from error

    def require_runs(self) -> Assembly:
        if has_tensor_hooks(self.model):
            raise BuildError(
                f"{self.name}: its parameters have hooks, which a copy lacks",
                "register them in the module's constructor, and name it: mypackage:make",
            )
        return self.assemble()  # it runs when it is timed

    def inputs(self, initialised: bool = True) -> Call:
        if initialised:
            return real_copy(self.call)
        return blank_copy(self.call).forget_values()

    def watched(self, assembly: Assembly) -> AbstractContextManager[None]:
        return nullcontext()

    def does_not_run(self, error: BaseException) -> BuildError:
        inputs = ", ".join(texts(self.call)) or "no input"
        return BuildError(
            f"{self.name}: it does not run on {inputs}: {one_line(error)}",
            self.hint,
        )

    def batch(self, setup: Setup) -> Call:
        return self.inputs()

    def setup(self, setup: Setup) -> Setup:
        return setup if self.asked or setup.amp else replace(setup, dtype=self.own_dtype)

    def dtype(self, setup: Setup) -> torch.dtype | None:
        return getattr(torch, self.asked) if self.asked else None

    @property
    def own_dtype(self) -> str:
        """The dtype of most weights, or of most inputs if there are no weights."""
        sizes: dict[torch.dtype, int] = {}
        for tensors in (weights(self.model), self.call.tensors):
            for tensor in tensors:
                if tensor.is_floating_point() or tensor.is_complex():
                    sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.numel()
            if sizes:
                return str(max(sizes, key=lambda dtype: sizes[dtype])).removeprefix("torch.")
        return "float32"


def weights(model: nn.Module) -> list[Tensor]:
    """The parameters and buffers that have a shape."""
    tensors = [*model.parameters(), *model.buffers()]
    return [one for one in tensors if not nn.parameter.is_lazy(one)]


def texts(call: Call) -> list[str]:
    """The inputs of a call as a record has them, those passed by name with their names."""
    return [_text(one) for one in call.args] + [
        _text(value, name) for name, value in call.keywords.items()
    ]


def _text(value: Any, name: str = "") -> str:
    """A tensor as ``float32:1x3x224x224``, a number or text as Python writes it, and for anything
    else its class with what it holds."""
    if isinstance(value, Tensor):
        return str(Input(tuple(value.shape), str(value.dtype).removeprefix("torch."), name))
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        said = reprlib.repr(value)
    elif isinstance(value, Mapping):
        said = f"{{{', '.join(_text(one, str(key)) for key, one in value.items())}}}"
    elif isinstance(value, (list, tuple)):
        said = f"[{', '.join(map(_text, value))}]"
    else:
        said = f"{type(value).__name__}({', '.join(map(_text, tensors_within(value)))})"
    return f"{name}={said}" if name else said
