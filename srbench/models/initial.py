"""The weights that a row starts its training with: the same as its baseline's where both have
them."""

import random

import numpy as np
import torch

from srbench.models.assembly import Assembly
from srbench.models.build import assemble, require_buildable
from srbench.models.weights import load_backbone_weights
from srbench.spec.cases import Case


def initial(case: Case, seed: int) -> Assembly:
    """The model of a row with the weights of a seed. Its backbone has those of its baseline with
    the same seed, so that a fresh SR block leaves the network the same function.

    Raises SrbenchError if it cannot be built or does not run.
    """
    assembly = _seeded(case, seed)
    if case.spec.blocks:
        plain = _seeded(Case(case.spec.baseline, case.conditions), seed)
        load_backbone_weights(assembly.model, plain.model.state_dict())
    return assembly


def _seeded(case: Case, seed: int) -> Assembly:
    require_buildable(*case)  # what it looks up it remembers, and then draws nothing more
    torch.manual_seed(seed)
    random.seed(seed)  # other people's networks may draw from these
    np.random.seed(seed % 2**32)
    return assemble(*case)
