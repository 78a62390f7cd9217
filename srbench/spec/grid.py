"""The specs of a sweep: one spec, with options that take several values."""

from collections.abc import Mapping, Sequence
from itertools import product

from srbench.catalog.lookup import find_backbone, find_block
from srbench.catalog.options import format_value
from srbench.errors import SpecError, did_you_mean
from srbench.spec.parse import Part, Spec, parse

MOST_ROWS = 10_000


def grid(spec: str | Spec, varied: Mapping[str, Sequence[str]]) -> list[Spec]:
    """Every combination of the options' values, the last option changing fastest.

    Args:
        spec: the spec whose options are varied.
        varied: values as a spec writes them, by the option's name: ``memories``, or ``sr.memories``
            if several parts of the spec have such an option.

    Raises:
        SpecError: for an option that no part or several parts have, and for an invalid value.

    >>> [str(one) for one in grid("resnet18+sr", {"memories": ["1", "10"]})]
    ['resnet18+sr:memories=1', 'resnet18+sr']
    """
    spec = parse(spec)
    places = [_owner(spec, name) for name in varied]
    for name, place in zip(varied, places, strict=True):
        if places.count(place) > 1:
            raise SpecError(f"{name} is varied twice", "give all its values at once")
    specs = [
        _with(spec, dict(zip(places, values, strict=True))) for values in product(*varied.values())
    ]
    if len(specs) > MOST_ROWS:
        raise SpecError(
            f"a sweep of {len(specs):,} specs is more than {MOST_ROWS:,}", "sweep fewer values"
        )
    return list(dict.fromkeys(specs))


def _owner(spec: Spec, name: str) -> tuple[int, str]:
    """The part that an option belongs to, by its number, and the option's key."""
    owner, _, key = name.rpartition(".")
    parts = (spec.backbone, *spec.blocks)
    having = [
        number
        for number, part in enumerate(parts)
        if owner in ("", part.name) and key in _keys(part, is_block=bool(number))
    ]
    if len(having) == 1:
        return having[0], key
    if not having:
        every = [f"{p.name}.{key}" for n, p in enumerate(parts) for key in _keys(p, bool(n))]
        raise SpecError(
            f"{spec} has no option {name!r}",
            f"{did_you_mean(name, every)}its options: {', '.join(every)}"
            + (f"; to vary memories, sweep {spec}+sr" if key == "memories" else ""),
        )
    written = ", ".join(f"{parts[number].name}.{key}" for number in having)
    raise SpecError(f"several parts of {spec} have an option {key!r}", f"name one: {written}")


def _keys(part: Part, is_block: bool) -> list[str]:
    owner = find_block(part.name) if is_block else find_backbone(part.name)
    return [option.name for option in owner.options]


def _with(spec: Spec, values: Mapping[tuple[int, str], str]) -> Spec:
    texts = []
    for number, part in enumerate((spec.backbone, *spec.blocks)):
        options = {key: format_value(value) for key, value in part.options}
        options |= {key: value for (place, key), value in values.items() if place == number}
        listing = ",".join(f"{key}={value}" for key, value in options.items())
        texts.append(f"{part.name}:{listing}" if listing else part.name)
    return parse("+".join(texts))
