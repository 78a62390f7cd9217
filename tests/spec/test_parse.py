"""The spec grammar: what it accepts, its canonical form, and what its errors say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.catalog import BACKBONES, BLOCKS, Backbone, Block
from srbench.catalog.options import After, Choice, Flag, Integer, Number, Stages, format_value
from srbench.errors import SpecError
from srbench.spec.parse import Part, Spec, parse


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("resnet50", "resnet50"),
        (" resnet50 + se ", "resnet50+se"),
        ("resnet50+se:reduction=8", "resnet50+se:reduction=8"),
        ("resnet50+se:reduction=16", "resnet50+se"),
        ("resnet50+cbam+sr", "resnet50+cbam+sr"),
        ("resnet50+sr+cbam", "resnet50+sr+cbam"),
        ("resnet50+sr:stage=layer3,memories=2", "resnet50+sr:memories=2,stage=layer3"),
        ("resnet50+sr:stage=layer4", "resnet50+sr"),
        ("resnet50+sr:stage=layer4/layer2", "resnet50+sr:stage=layer2/layer4"),
        ("resnet50+se:stage=layer1/layer2/layer3/layer4", "resnet50+se"),
        ("resnet50+dropout2d:p=.10", "resnet50+dropout2d"),
        ("resnet50+dropout2d:p=-0.0", "resnet50+dropout2d:p=0"),
        ("resnet50:stride=v1+se", "resnet50:stride=v1+se"),
        ("resnet50:stride=v1.5", "resnet50"),
        ("resnet18:widen=2.0,stride=v1", "resnet18:stride=v1,widen=2"),
        ("resnet18:widen=1.5", "resnet18:widen=1.5"),
    ],
)
def test_every_spelling_has_one_canonical_form(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("resnet5", "unknown model 'resnet5'", "did you mean resnet50?"),
        ("ResNet50", "unknown model 'ResNet50'", "did you mean resnet50?"),
        ("quux", "unknown model 'quux'", "`srbench models`"),
        ("resnet50+cbm", "unknown block 'cbm'", "did you mean cbam?"),
        ("resnet50+sr:memory=2", "sr has no option 'memory'", "memories, squeeze, hidden, stage"),
        ("resnet50:depth=2", "resnet50 has no option 'depth'", "stride, widen"),
        ("resnet50+sr:memories=2,memories=3", "'memories' is given twice", "once"),
        ("resnet50+sr:memories=0", "memories=0 is not valid", "at least 1"),
        ("resnet50+sr:hidden=-3", "hidden=-3 is not valid", "at least 1"),
        ("resnet50+sr:memories=2.5", "memories=2.5 is not valid", "whole number"),
        ("resnet50+sr:memories=1_0", "memories=1_0 is not valid", "whole number"),
        ("resnet50+sr:memories=٣", "is not valid", "whole number"),
        ("resnet50+dropout2d:p=1.5", "p=1.5 is not valid", "from 0 to 1"),
        ("resnet50+dropout2d:p=nan", "p=nan is not valid", "from 0 to 1"),
        ("resnet50:stride=v2", "stride=v2 is not valid", "v1, v1.5"),
        ("resnet50+sr:stage=layer5", "no stage 'layer5'", "layer1, layer2, layer3, layer4"),
        ("resnet50+sr:stage=layer4/layer4", "named twice", "once"),
        ("", "names no model", "resnet50+sr"),
        ("+se", "names no model", "resnet50+sr"),
        ("resnet50+", "a name is missing", "resnet50+sr"),
        ("resnet50++se", "a name is missing", "resnet50+sr"),
        ("resnet50+se,cbam", "is not a name", "one at a time, or join blocks by +: se+cbam"),
        ("resnet50:", "is not key=value", "key=value"),
        ("resnet50+se:reduction", "is not key=value", "key=value"),
        ("resnet50+se:reduction=", "is not key=value", "key=value"),
        ("resnet50+se:reduction=8,", "is not key=value", "key=value"),
        ("resnet50+se:reduction= 8", "is not key=value", "key=value"),
    ],
)
def test_errors_name_the_problem_and_the_remedy(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse(text)
    assert problem in raised.value.message
    assert remedy in raised.value.hint
    assert raised.value.exit_code == 2


def values(option: object, stages: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts that an option accepts, spelled in different ways."""
    match option:
        case Integer():
            return st.integers(1, 10**6).map(str)
        case Number():
            low, high = max(option.minimum, 0), option.maximum
            numbers = st.floats(low, high, allow_subnormal=False)
            return numbers.map(repr) | numbers.map(lambda x: f"{x:.3f}").filter(
                lambda text: low <= float(text) <= high
            )
        case Choice():
            return st.sampled_from(option.choices)
        case Flag():
            return st.sampled_from(["true", "false"])
        case Stages():
            return st.lists(st.sampled_from(stages), min_size=1, unique=True).map("/".join)
        case After():
            names = st.sampled_from(["features.14", "layer4.*", "classifier.0", "a.*.b-1"])
            return st.lists(names, min_size=1, unique=True).map("/".join)
    raise NotImplementedError(option)


@st.composite
def specs(draw: st.DrawFn) -> str:
    backbone = BACKBONES[draw(st.sampled_from(sorted(BACKBONES)))]
    blocks = draw(st.lists(st.sampled_from(sorted(BLOCKS)), max_size=4))
    parts = [backbone, *(BLOCKS[name] for name in blocks)]
    return "+".join(draw(part_texts(part, backbone.stage_names)) for part in parts)


@st.composite
def part_texts(draw: st.DrawFn, part: Backbone | Block, stages: tuple[str, ...]) -> str:
    options = draw(
        st.lists(st.sampled_from(part.options), unique_by=lambda o: o.name)
        if part.options
        else st.just([])
    )
    if sum(isinstance(option, Stages | After) for option in options) > 1:
        options = [option for option in options if not isinstance(option, After)]
    written = [f"{option.name}={draw(values(option, stages))}" for option in options]
    return f"{part.name}:{','.join(written)}" if written else part.name


SPECS = specs()


@given(SPECS)
def test_canonical_form_parses_to_the_same_spec(text: str) -> None:
    spec = parse(text)
    assert parse(str(spec)) == spec
    assert str(parse(str(spec))) == str(spec)
    assert hash(parse(str(spec))) == hash(spec)


@given(SPECS, st.randoms())
def test_the_order_of_options_does_not_matter(text: str, random: object) -> None:
    def shuffled(part: str) -> str:
        name, colon, options = part.partition(":")
        keys = options.split(",")
        random.shuffle(keys)
        return name + colon + ",".join(keys)

    assert parse("+".join(shuffled(part) for part in text.split("+"))) == parse(text)


@given(st.text(alphabet="resnt50+:=,/ .-\n\0é_v1", max_size=40) | st.text(max_size=30))
def test_any_text_is_a_spec_or_a_clear_error(text: str) -> None:
    try:
        spec = parse(text)
    except SpecError as raised:
        error = raised
    else:
        assert parse(str(spec)) == spec
        return
    assert error.message
    assert error.hint


def test_a_parsed_spec_is_returned_unchanged() -> None:
    spec = Spec(Part("resnet18"), (Part("se"),))
    assert parse(spec) is spec
    assert spec.baseline == parse("resnet18")


def test_values_are_written_as_the_grammar_reads_them() -> None:
    assert [format_value(v) for v in (2.0, 0.1, 3, True, ("a", "b"), "v1")] == [
        "2",
        "0.1",
        "3",
        "true",
        "a/b",
        "v1",
    ]
