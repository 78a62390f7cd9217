"""Writes the reference from the code: every command, the keys of layouts, the fields of records.

python docs/scripts/reference.py         # updates the pages
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from marked import DOCS, renewed
from pydantic import TypeAdapter

from srbench.cli.commands import COMMANDS, load
from srbench.records.record import Record
from srbench.tables.layout import Layout
from srbench.tables.start.layout_text import FirstTable, Part, layout_parts
from srbench.tables.start.toml_text import toml, toml_key

SCRIPT = "reference.py"
REFERENCE = DOCS / "reference"
PANEL = "Options"  # of options that are in no panel of their own
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}


def pages() -> dict[Path, str]:
    """Every page that the code writes, or a part of it, with its text."""
    commands = REFERENCE / "commands"
    whole = {commands / f"{name}.md": command_page(name) for name in COMMANDS}
    parts = {
        commands / "index.md": command_list(),
        REFERENCE / "layout.md": layout_keys(),
        REFERENCE / "records.md": record_fields(),
    }
    return whole | {
        path: renewed(path.read_text(encoding="utf-8"), SCRIPT, part)
        for path, part in parts.items()
    }


def command_list() -> str:
    """All commands with their summaries."""
    rows = [(f"[{name}]({name}.md)", summary) for name, (_, summary) in COMMANDS.items()]
    return table(("command", "what it does"), rows)


def command_page(name: str) -> str:
    """A command's purpose, examples, arguments and options, as its ``--help`` has them."""
    command = load(name)
    text, _, examples = command.help.partition("[bold]Examples[/bold]")
    usage = "srbench " + name + "".join(f" {word}" for word in _usage(command.params))
    parts = [f"# srbench {name}", *text.strip().split("\n\n"), f"    {usage}"]
    if examples.strip():
        shown = "\n".join(f"    {line}" for line in examples.split("\n\n") if line.strip())
        parts += ["## Examples", re.sub(r"^ +", "    ", shown, flags=re.MULTILINE)]
    for panel, options in _panels(command.params).items():
        title = panel if panel != PANEL else "Arguments and options"
        parts += [f"## {title}", table(("", "value", ""), options).rstrip()]
    return "\n\n".join(parts) + "\n"


def _usage(parameters: Iterable[Any]) -> Iterator[str]:
    yield "[OPTIONS]"
    for one in parameters:
        if one.param_type_name == "argument":
            name = one.metavar or one.name.upper()
            yield (f"{name}" if one.required else f"[{name}]") + ("..." if one.nargs < 0 else "")


def _panels(parameters: Iterable[Any]) -> dict[str, list[tuple[str, str, str]]]:
    """The rows of each panel of options, in the order of the help."""
    found: dict[str, list[tuple[str, str, str]]] = {PANEL: []}
    for one in parameters:
        if not one.hidden:
            panel = getattr(one, "rich_help_panel", None) or PANEL
            found.setdefault(panel, []).append(_row(one))
    return {panel: rows for panel, rows in found.items() if rows}


def _row(parameter: Any) -> tuple[str, str, str]:
    """An argument's or an option's names, its value, and what it does."""
    names = [parameter.metavar or parameter.name.upper()]
    value = ""
    if parameter.param_type_name == "option":
        names = [*parameter.opts, *parameter.secondary_opts]
        value = "" if parameter.is_flag else parameter.metavar or ""
    text = " ".join((parameter.help or "").split())
    if default := _usual(parameter):
        text += f" Default: `{default}`."
    return ", ".join(f"`{name}`" for name in names), f"`{value}`" if value else "", text


def _usual(parameter: Any) -> str:
    """Its default as it is written: of a flag that is on, its name; empty if none is said."""
    if getattr(parameter, "is_flag", False):
        return parameter.opts[0] if parameter.default is True else ""
    is_said = getattr(parameter, "show_default", False) and parameter.default not in (None, "", ())
    return str(parameter.default) if is_said else ""


def layout_keys() -> str:
    """The sections of a layout with their keys: type, default, and what each is for."""
    schema = Layout.model_json_schema()
    parts = []
    for part in layout_parts(FirstTable("NAME", ("resnet18",), ("eca:ECA",))):
        title = f"`{part.heading}`" if part.heading else "At the top"
        use = part.use.replace("\n# ", " ") if part.heading else "The whole table."
        parts.append(f"## {title}\n\n{_sentence(use)}\n")
        parts.append(_keys(part, _section(schema, part.heading.strip("[]"))))
    return "\n".join(parts)


def _section(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of a section; an empty one if its keys are the author's choice."""
    if not name:
        return schema
    found = re.search(r"#/\$defs/(\w+)", str(schema["properties"][name]))
    return schema["$defs"][found[1]] if found else {}


def _keys(part: Part, schema: Mapping[str, Any]) -> str:
    rows = []
    for key in part.keys:
        field = schema.get("properties", {}).get(key.name, {})
        kind = words(field).removesuffix(" or null") if field else ""  # TOML has no null
        default = _default(field, key.name in schema.get("required", ()))
        name, example = f"`{toml_key(key.name)}`", f"`{toml(key.value)}`"
        rows.append((name, kind, default, key.use, example))
    return table(("key", "value", "if not given", "what it is for", "for example"), rows)


def _default(field: Mapping[str, Any], is_required: bool) -> str:
    if is_required:
        return "required"
    default = field.get("default")
    return "" if default in (None, "", [], {}) else f"`{_json(default)}`"


def record_fields() -> str:
    """Every type of a record: what it is, and its fields."""
    schema = TypeAdapter(Record).json_schema()
    first = {name: one for name, one in schema.items() if name != "$defs"}
    types = {"Record": first, **{name: schema["$defs"][name] for name in _by_use(schema)}}
    return "\n".join(_type(name, one) for name, one in types.items())


def _by_use(schema: Mapping[str, Any]) -> list[str]:
    """The types that a record has, each after the first type that has it."""
    found: dict[str, None] = {}

    def follow(one: Any) -> None:
        for name in re.findall(r"'#/\$defs/(\w+)'", str(one.get("properties", one))):
            if name not in found:
                found[name] = None
                follow(schema["$defs"][name])

    follow(schema)
    return list(found)


def _type(name: str, schema: Mapping[str, Any]) -> str:
    text = schema.get("description", "").replace("``", "`")
    rows = [
        (f"`{field}`", words(one), _default(one, field in schema.get("required", ())))
        for field, one in schema.get("properties", {}).items()
    ]
    fields = table(("field", "value", "if not given"), rows)
    return f"## {name}\n\n{text}\n\n{fields}"


def words(schema: Mapping[str, Any]) -> str:
    """A value's type in words, from its JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(words(one) for one in schema["anyOf"]))
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return " or ".join(f"`{_json(value)}`" for value in values)
    kind = schema.get("type", "")
    if kind == "array":
        return _list(schema)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"{words(inner)} by name" if isinstance(inner, dict) else "values by name"
    return WORDS.get(kind, "any")


def _list(schema: Mapping[str, Any]) -> str:
    if entries := schema.get("prefixItems"):
        kinds = list(dict.fromkeys(words(one) for one in entries))
        return f"list of {len(entries)} ({', '.join(kinds)})"
    return f"list ({words(schema.get('items', {}))})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
