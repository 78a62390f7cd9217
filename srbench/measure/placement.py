"""Moving models to other places in memory.

Where weights, buffers, the batch and Python's own objects lie decides which of them collide in the
caches, with each other and with a call's feature maps. On the CPU this changes times by some
percent. A process that never moves them draws this once, by chance, and measures it as if it were
the model's.
"""

import gc
import random
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from srbench.errors import lacks_memory
from srbench.measure.free_memory import release
from srbench.measure.model_copies import copied, reach_alike
from srbench.measure.passes import Loaded
from srbench.shapes.copies import refers

GAP_SIZES = tuple(64 * 2**power for power in range(13))  # bytes: from a cache line to 256 KiB
MOST_OF_A_SIZE = 8  # a gap is at most so many times that size
MOST_GAPS = 7  # at most so many are left before a model is moved
GAP_BEFORE = 0.3  # share of its tensors that get a gap before them


class Places:
    """Draws where models lie; the gaps between them are held until the models are moved again.

    ``stayed`` are the names of models for which at least one move failed. ``trains`` is whether
    gradients are timed; ``begin`` is called with the name of each model before it is run.
    """

    def __init__(
        self,
        device: torch.device,
        seed: str,
        trains: bool = True,
        begin: Callable[[str], object] = lambda name: None,
    ) -> None:
        self.stayed: set[str] = set()
        self._device = device
        self._trains = trains
        self._begin = begin
        self._chance = random.Random(seed)
        self._gaps: list[Tensor] = []
        self._is_copied: dict[str, bool] = {}  # by name: whether its modules can be copied

    def move(self, subjects: Sequence[Loaded]) -> None:
        """Copy every model and its batch to other places, in random order.

        Values, strides and shared memory stay as they are. A model stays where it is if memory is
        short. If a model is compiled, has views of its own tensors, or has modules that cannot be
        copied, it keeps its modules, and only its tensors are moved.
        """
        self._gaps.clear()
        for subject in self._chance.sample(subjects, len(subjects)):
            try:
                self._move(subject)
            except (RuntimeError, MemoryError) as error:
                if not lacks_memory(error):
                    raise
                self.stayed.add(subject.name)
                self._gaps.clear()
                release(error)

    def _move(self, subject: Loaded) -> None:
        self._leave_gaps(self._chance.randrange(1, MOST_GAPS + 1))
        before = _by_storage(subject)
        left: list[object] = [subject.model, *_storages(before)]  # held until everything has moved
        modules = [weakref.ref(module) for module in subject.model.modules()]
        has_views = any(len(tensors) > 1 for tensors in before.values())  # copies would not share
        if not subject.setup.compile and not has_views:  # compiled code refers to these modules
            self._copy(subject)
        after = _by_storage(subject)
        left += _storages(after)
        for tensors in self._chance.sample(list(after.values()), len(after)):
            if self._chance.random() < GAP_BEFORE:
                self._leave_gaps(1)
            _move(tensors)
        left.clear()
        now = {*subject.model.modules()}
        if any(one() is not None and one() not in now for one in modules):
            gc.collect()  # modules in a reference cycle

    def _copy(self, subject: Loaded) -> None:
        """Replace the model by a copy, module by module, if its code allows one."""
        if not self._is_copied.get(subject.name, True):
            return
        for parameter in subject.model.parameters():
            parameter.grad = None
        copy = copied(subject.model)
        if subject.name not in self._is_copied:
            self._is_copied[subject.name] = copy is not None and self._is_independent(copy, subject)
        if copy is not None and self._is_copied[subject.name]:
            subject.replace(copy)

    def _is_independent(self, copy: nn.Module, subject: Loaded) -> bool:
        if refers(copy, subject.model):
            return False
        return not self._trains or reach_alike(replace(subject, model=copy), subject, self._begin)

    def _leave_gaps(self, number: int) -> None:
        for _ in range(number):
            size = self._chance.choice(GAP_SIZES) * self._chance.randint(1, MOST_OF_A_SIZE)
            self._gaps.append(torch.empty(size, dtype=torch.uint8, device=self._device))


def _by_storage(subject: Loaded) -> dict[int, list[Tensor]]:
    """The tensors that lie in each block of memory. Custom kinds of tensors, whose memory is
    elsewhere, are left out."""
    model, others = subject.model, [*subject.inputs.tensors, *(subject.above or ())]
    found: dict[int, list[Tensor]] = {}
    for tensor in [*model.parameters(), *model.buffers(), *others]:
        if type(tensor.data) is Tensor and tensor.layout == torch.strided and tensor.numel():
            found.setdefault(tensor.untyped_storage().data_ptr(), []).append(tensor)
    return found


def _storages(sharing: Mapping[int, Sequence[Tensor]]) -> list[torch.UntypedStorage]:
    return [tensors[0].untyped_storage() for tensors in sharing.values()]


@torch.no_grad()
def _move(tensors: Sequence[Tensor]) -> None:
    """Move tensors that share memory to a copy of it, which they share."""
    whole = torch.empty(0, dtype=torch.uint8, device=tensors[0].device)
    copy = whole.set_(tensors[0].untyped_storage()).clone().untyped_storage()
    for tensor in tensors:
        place = tensor.storage_offset(), tensor.size(), tensor.stride()
        tensor.data = torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(copy, *place)
