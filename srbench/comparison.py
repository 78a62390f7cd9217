"""Which rows a comparison has: every backbone first, then its variants."""

from collections.abc import Sequence

from srbench.catalog import DEFAULT_VARIANTS
from srbench.errors import SpecError
from srbench.spec import Spec, parse

DEFAULT_MODEL = "resnet50"


def rows(
    specs: Sequence[str | Spec],
    variants: Sequence[str] = (),
    default_variants: Sequence[str] = DEFAULT_VARIANTS,
) -> list[Spec]:
    """The specs to measure, grouped by backbone: the baseline, the specs given whole, the variants.

    Each of ``variants`` (``"se+sr:memories=4"``) makes one row per backbone. A backbone that has no
    variant of either kind is compared with ``default_variants``. Nothing stands twice.

    Raises SpecError for a spec or variant that does not parse.
    """
    given = [parse(spec) for spec in specs or (DEFAULT_MODEL,)]
    wanted: dict[Spec, None] = {}
    for baseline in dict.fromkeys(spec.baseline for spec in given):
        whole = [spec for spec in given if spec.baseline == baseline and spec.blocks]
        added = [_variant(baseline, variant) for variant in variants]
        if not whole and not added:
            added = [_variant(baseline, variant) for variant in default_variants]
        wanted |= dict.fromkeys([baseline, *whole, *added])
    return list(wanted)


def _variant(baseline: Spec, blocks: str) -> Spec:
    blocks = blocks.strip().removeprefix("+")
    if not blocks:
        raise SpecError("a variant is empty", "name one block or more: --variant se+sr:memories=4")
    return parse(f"{baseline}+{blocks}")
