"""One module of a network: its shapes, and what it costs with all modules inside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from srbench.records.bounds import require_counts
from srbench.records.schema import STRICT

DEEPEST = 200  # levels of modules


@dataclass(frozen=True)
class Layer:
    """A module, by its ``name`` in the network, which is ``""`` for the network itself.

    ``kind`` is its class, and ``settings`` what it prints of itself, such as ``kernel_size=(3, 3)``
    in ``Conv2d``. ``calls`` is how often it runs in a pass; ``inputs`` and ``outputs`` are the
    tensors of its first call, each as ``float32:1x64x56x56``, and ``later`` both of later calls
    with other ones, as ``IN -> OUT``. ``same_as`` is the name of the module that it is, if the
    network has it twice: its counts are there.

    ``params``, ``trainable``, ``macs``, ``flops`` and ``activations`` count the module with all
    modules inside it, and so does ``moved``: the bytes that operators read and write, each operand
    and each result once. ``tensors`` are the shapes of its own parameters (``weight``:
    ``64x3x7x7``).
    """

    __pydantic_config__ = STRICT
    name: str
    kind: str
    settings: str = ""
    calls: int = 0
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    params: int = 0
    trainable: int = 0
    macs: int = 0
    flops: int | None = None
    activations: int = 0
    moved: int = 0
    same_as: str = ""
    tensors: tuple[tuple[str, str], ...] = ()
    later: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
        require_counts(self.calls, self.params, self.trainable, self.macs, self.flops)
        require_counts(self.activations, self.moved)


def require_tree(layers: Sequence[Layer]) -> None:
    """Raises ValueError unless the layers are a network's modules: itself first, and each after the
    one that it is inside, which has at least its counts."""
    known: dict[str, Layer] = {}
    for layer in layers:
        parent = layer.name.rpartition(".")[0]
        if bool(known) != bool(layer.name) or layer.name in known:
            raise ValueError("the layers must begin with the network, and have different names")
        if known and parent not in known:
            raise ValueError("a layer must stand after the one that it is inside")
        if layer.name.count(".") >= DEEPEST:
            raise ValueError(f"there must be at most {DEEPEST} levels of layers")
        above = known.get(parent, layer)
        if layer.params > above.params or layer.macs > above.macs:
            raise ValueError("a layer must have no more parameters and MACs than what it is inside")
        known[layer.name] = layer
