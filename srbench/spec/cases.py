"""The rows of a comparison, each backbone before its variants, and their conditions."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from srbench.catalog import DEFAULT_VARIANTS, Backbone
from srbench.conditions import Conditions, Input, input_size
from srbench.errors import SpecError, SrbenchError
from srbench.records.record import RowKey
from srbench.spec.parse import Spec, backbone_of, parse, values

DEFAULT_MODEL = "resnet50"

Size = str | int | tuple[int, int]


class Case(NamedTuple):
    """A spec, and the conditions that it is measured under."""

    spec: Spec
    conditions: Conditions

    @property
    def key(self) -> RowKey:
        """Its row in records."""
        conditions = self.conditions
        inputs = tuple(map(str, conditions.inputs))
        return RowKey(str(self.spec), conditions.image, conditions.num_classes, inputs)

    @classmethod
    def of(cls, key: RowKey) -> "Case":
        """The case of a row. Raises SpecError for a spec that this version does not know, and for
        what is no spec: a name is never parsed."""
        if key.subject != "spec":
            raise SpecError(
                f"{key.spec} is a {key.subject} that was given, not a spec",
                "count it again where it was made",
            )
        if not key.input:
            inputs = tuple(map(Input.parse, key.inputs))
            return cls(parse(key.spec), Conditions(num_classes=key.num_classes, inputs=inputs))
        channels, height, width = key.input
        return cls(parse(key.spec), Conditions(height, width, key.num_classes, channels))


def cases(
    specs: Sequence[str | Spec],
    variants: Sequence[str] = (),
    default_variants: Sequence[str] = DEFAULT_VARIANTS,
    *,
    size: Size | None = None,
    num_classes: int | None = None,
    inputs: Sequence[Input] = (),
) -> list[Case]:
    """The rows of a comparison, each with the given input, or else its network's defaults.

    Raises SpecError for a spec or variant that does not parse, and SrbenchError for a bad input.
    """
    return [
        case_of(spec, size, num_classes, inputs) for spec in rows(specs, variants, default_variants)
    ]


def case_of(
    spec: Spec,
    size: Size | None = None,
    num_classes: int | None = None,
    inputs: Sequence[Input] = (),
) -> Case:
    """A spec with the given input and classes, or else its network's defaults.

    Raises SpecError if the spec itself sets the classes, and ``num_classes`` differs, and if the
    network has no argument for them, but gets an image; SrbenchError for a bad input.
    """
    backbone = backbone_of(spec.backbone)
    if inputs and size is not None:
        raise SrbenchError(
            "--input-size and --input are both given", "leave one out: --input has whole shapes"
        )
    if backbone.only_with_inputs:
        return Case(spec, _without_classes(backbone, num_classes, inputs))
    height, width = input_size(backbone.input_size if size is None else size)
    own = values(spec.backbone, backbone.options, backbone).get(backbone.classes)
    if own is None:
        classes = backbone.num_classes if num_classes is None else num_classes
        return Case(spec, Conditions(height, width, classes, inputs=tuple(inputs)))
    if num_classes not in (None, own):
        raise SpecError(
            f"{spec.backbone} has {own} classes, but --num-classes is {num_classes}",
            f"set the classes of a segmentation network in its spec: "
            f"{spec.backbone.name}:classes={num_classes}",
        )
    assert isinstance(own, int)
    return Case(spec, Conditions(height, width, own, inputs=tuple(inputs)))


def _without_classes(
    backbone: Backbone, num_classes: int | None, inputs: Sequence[Input]
) -> Conditions:
    """The conditions of a network that does not ask for the number of classes."""
    if not inputs:
        raise SpecError(
            f"model {backbone.name} {backbone.only_with_inputs}",
            "give it the argument num_classes, or say what it gets: --input, its whole shape, "
            "batch first, such as --input 1x3x224x224",
        )
    if num_classes is not None:
        raise SpecError(
            f"model {backbone.name} has no argument num_classes", "leave --num-classes out"
        )
    return Conditions(num_classes=None, inputs=tuple(inputs))


def usual(spec: Spec) -> tuple[int, int | None]:
    """The default input size (its height, in pixels) and number of classes of a spec's network."""
    backbone = backbone_of(spec.backbone)
    if backbone.only_with_inputs:
        return backbone.input_size, None
    case = case_of(spec)
    return case.conditions.height, case.conditions.num_classes


def rows(
    specs: Sequence[str | Spec],
    variants: Sequence[str] = (),
    default_variants: Sequence[str] = DEFAULT_VARIANTS,
    parse: Callable[[str | Spec], Spec] = parse,
) -> list[Spec]:
    """The specs to measure, grouped by backbone: the baseline, the whole specs, the variants.

    Each of ``variants`` (``"se+sr:memories=4"``) makes one row per backbone. A backbone that has
    neither whole specs nor variants is compared with ``default_variants``, unless it has no stages
    to put blocks into. Duplicates are left out.
    ``parse`` may be `srbench.spec.parse.read`, for specs that should not be looked up.

    Raises SpecError for a spec or variant that does not parse.
    """
    given = [parse(spec) for spec in specs or (DEFAULT_MODEL,)]
    wanted: dict[Spec, None] = {}
    for baseline in dict.fromkeys(spec.baseline for spec in given):
        whole = [spec for spec in given if spec.baseline == baseline and spec.blocks]
        added = [parse(_variant(baseline, variant)) for variant in variants]
        if default_variants and not whole and not added and backbone_of(baseline.backbone).stages:
            added = [parse(_variant(baseline, variant)) for variant in default_variants]
        wanted |= dict.fromkeys([baseline, *whole, *added])
    return list(wanted)


def _variant(baseline: Spec, blocks: str) -> str:
    blocks = blocks.strip().removeprefix("+")
    if not blocks:
        raise SpecError("a variant is empty", "name one block or more: --variant se+sr:memories=4")
    return f"{baseline}+{blocks}"
