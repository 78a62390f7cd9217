"""Which rows a comparison has, every backbone first, then its variants, and under what input."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from srbench.catalog import DEFAULT_VARIANTS
from srbench.conditions import Conditions, input_size
from srbench.errors import SpecError
from srbench.records.record import RowKey
from srbench.spec.parse import Spec, backbone_of, parse, values

DEFAULT_MODEL = "resnet50"

Size = str | int | tuple[int, int]


class Case(NamedTuple):
    """A spec, and what it is measured under."""

    spec: Spec
    conditions: Conditions

    @property
    def key(self) -> RowKey:
        """The row that it is in records."""
        return RowKey(str(self.spec), self.conditions.input_shape[1:], self.conditions.num_classes)

    @classmethod
    def of(cls, key: RowKey) -> "Case":
        """The way back. Raises SpecError for a spec that this version does not know."""
        channels, height, width = key.input
        return cls(parse(key.spec), Conditions(height, width, key.num_classes, channels))


def cases(
    specs: Sequence[str | Spec],
    variants: Sequence[str] = (),
    default_variants: Sequence[str] = DEFAULT_VARIANTS,
    *,
    size: Size | None = None,
    num_classes: int | None = None,
) -> list[Case]:
    """The rows of a comparison, each under the input asked for, or else what its network is for.

    Raises SpecError for a spec or variant that does not parse, and SrbenchError for an input.
    """
    return [case_of(spec, size, num_classes) for spec in rows(specs, variants, default_variants)]


def case_of(spec: Spec, size: Size | None = None, num_classes: int | None = None) -> Case:
    """A spec under the input asked for, or else under what its network is made for.

    Raises SpecError where a network that has its classes in the spec is to have others.
    """
    backbone = backbone_of(spec.backbone)
    height, width = input_size(backbone.input_size if size is None else size)
    own = values(spec.backbone, backbone.options, backbone).get(backbone.classes)
    if own is None:
        classes = backbone.num_classes if num_classes is None else num_classes
        return Case(spec, Conditions(height, width, classes))
    if num_classes not in (None, own):
        raise SpecError(
            f"{spec.backbone} has {own} classes, and {num_classes} are asked for",
            f"a segmentation network has them in its spec: "
            f"{spec.backbone.name}:classes={num_classes}",
        )
    assert isinstance(own, int)
    return Case(spec, Conditions(height, width, own))


def usual(spec: Spec) -> tuple[int, int]:
    """The side of the input, in pixels, and the classes that a spec's network is made for."""
    case = case_of(spec)
    return case.conditions.height, case.conditions.num_classes


def rows(
    specs: Sequence[str | Spec],
    variants: Sequence[str] = (),
    default_variants: Sequence[str] = DEFAULT_VARIANTS,
    parse: Callable[[str | Spec], Spec] = parse,
) -> list[Spec]:
    """The specs to measure, grouped by backbone: the baseline, the specs given whole, the variants.

    Each of ``variants`` (``"se+sr:memories=4"``) makes one row per backbone. A backbone that has no
    variant of either kind is compared with ``default_variants``. Nothing stands twice. ``parse``
    may be `srbench.spec.parse.read`, for specs that are not to be looked up.

    Raises SpecError for a spec or variant that does not parse.
    """
    given = [parse(spec) for spec in specs or (DEFAULT_MODEL,)]
    wanted: dict[Spec, None] = {}
    for baseline in dict.fromkeys(spec.baseline for spec in given):
        whole = [spec for spec in given if spec.baseline == baseline and spec.blocks]
        added = [parse(_variant(baseline, variant)) for variant in variants]
        if not whole and not added:
            added = [parse(_variant(baseline, variant)) for variant in default_variants]
        wanted |= dict.fromkeys([baseline, *whole, *added])
    return list(wanted)


def _variant(baseline: Spec, blocks: str) -> str:
    blocks = blocks.strip().removeprefix("+")
    if not blocks:
        raise SpecError("a variant is empty", "name one block or more: --variant se+sr:memories=4")
    return f"{baseline}+{blocks}"
