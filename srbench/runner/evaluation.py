"""Tests weights from files, or torchvision's, on the images of a data set."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from srbench.errors import one_line, require_failure
from srbench.records.evaluated import Evaluated
from srbench.runner.tested_weights import (
    EvaluationPlan,
    Tested,
    Weights,
    file_weights,
    settings_to_test,
    torchvision_weights,
)
from srbench.training.evaluation import evaluate

LOG = logging.getLogger(__name__)


def evaluations(sources: Iterable[str], plan: EvaluationPlan) -> Iterator[Evaluated]:
    """Test the weights of each file. One that fails has a status that says why, and does not affect
    the others."""
    for source in sources:
        yield _evaluated(source, plan, partial(file_weights, source))


def evaluation_of_torchvision(name: str, plan: EvaluationPlan) -> Evaluated:
    """Test torchvision's own weights, such as ``IMAGENET1K_V2``, on images of the size that they
    were made for."""
    return _evaluated(name, plan, lambda: torchvision_weights(name, plan.spec))


def _evaluated(source: str, plan: EvaluationPlan, read: Callable[[], Weights]) -> Evaluated:
    row = Evaluated(source, plan.spec, "", None)
    try:
        with settings_to_test(plan.threads):
            test = Tested(read(), plan)
            row = replace(row, spec=str(test.case.spec), images=test.images)
            counted = evaluate(test.assembly.model, test.split, test.recipe, test.fabric)
            return replace(row, counted=counted, notes=tuple(test.notes))
    except BaseException as error:
        require_failure(error)
        LOG.debug("%s failed", source, exc_info=True)
        reason = one_line(error).replace("--input-size ", "--set size=")
        return replace(row, status=f"failed: {reason}")
