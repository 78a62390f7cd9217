"""`srbench report`: the page's content, and the page in a real browser."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.records import counted, printed, timed

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.layer import Layer

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1200,1000",
)
NASTY = """<script>document.title="owned"</script> & "quoted" 'x' {{ 7*7 }}"""
MEMORIES = (1, 2, 10, 50)
LAYERS = tuple(
    Layer(name, NASTY if name else "Net", macs=macs, params=1_000_000 * (name in ("", "stem")))
    for name, macs in [
        *(("", 5_000_000), ("stem", 1_000_000), ("body", 4_000_000), ("body.0", 4_000_000)),
        *(("body.0.conv", 3_000_000), ("body.0.inner", 1_000_000), ("body.0.inner.act", 1_000_000)),
    ]
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    sweep = [counted("resnet18", 1_000_000, 5_000_000, reason=NASTY)]
    for p in MEMORIES:
        spec = f"resnet18+sr:memories={p}" if p != 10 else "resnet18+sr"
        sweep.append(counted(spec, 1_000_000 + 900 * p, 5_000_000 + 800 * p))
    sweep.append(printed("resnet18", NASTY, NASTY, params="1.0"))
    sweep.append(timed("resnet18", [0.1, 0.11, 0.12, 0.1, 0.1, 0.1]))
    jsonl.write(folder / "sweep.jsonl", sweep)
    assert sweep[0].counts
    counts = replace(sweep[0].counts, layers=LAYERS)
    jsonl.write(folder / "other.jsonl", [replace(sweep[0], num_classes=10, counts=counts)])
    names = [str(folder / "sweep.jsonl"), str(folder / "other.jsonl")]
    output = folder / "report.html"
    assert run(["report", *names, "--output", str(output), "--title", NASTY]) == 0
    return output


def test_the_page_loads_nothing(page: Path) -> None:
    text = page.read_text()
    loads = re.findall(
        r"""(?:src|href)\s*=\s*["']?(?!#)[^"'>]+|url\(|@import|fetch\(|import\(""", text
    )
    assert loads == []
    assert "default-src 'none'" in text
    assert "<script>document" not in text
    assert "&lt;script&gt;document.title" in text


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator["Chrome"]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("no Chromium here")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={page.parent / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def opened(page: Path, browser: "Chrome") -> "Chrome":
    browser.get(page.as_uri())
    return browser


def texts(browser: "Chrome", selector: str) -> list[str]:
    from selenium.webdriver.common.by import By

    found = browser.find_elements(By.CSS_SELECTOR, selector)
    return [one.text for one in found if one.is_displayed()]


def find(browser: "Chrome", selector: str):
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, selector)


MODELS = "#part-1 tbody td:first-child"


def test_the_page_opens_without_browser_messages(opened: "Chrome") -> None:
    assert opened.get_log("browser") == []
    assert opened.title == NASTY
    assert texts(opened, "h2") == ["sweep.jsonl", "other.jsonl"]
    assert texts(opened, "#part-1 .count") == ["5 rows"]


def test_columns_sort_up_down_and_back(opened: "Chrome") -> None:
    original = texts(opened, MODELS)
    heads = texts(opened, "#part-1 th")
    column = 1 + next(n for n, head in enumerate(heads) if "Params Δ" in head)
    head = find(opened, f"#part-1 th:nth-child({column})")
    head.click()
    up = texts(opened, f"#part-1 tbody td:nth-child({column})")
    assert up[:4] == ["+900", "+1,800", "+9,000", "+45,000"]  # by number, not by letter
    assert up[4] == "–"  # an empty cell comes last
    assert head.get_attribute("aria-sort") == "ascending"
    head.click()
    assert texts(opened, f"#part-1 tbody td:nth-child({column})")[:2] == ["+45,000", "+9,000"]
    head.click()
    assert texts(opened, MODELS) == original


def test_rows_are_filtered_while_typing(opened: "Chrome") -> None:
    box = find(opened, "#part-1 input")
    box.send_keys("MEMORIES=2")
    assert texts(opened, MODELS) == ["ResNet-18 + SR (P=2)"]  # found by its spec
    assert texts(opened, "#part-1 .count") == ["1 of 5 rows"]
    assert texts(opened, "#part-2 .count") == ["1 rows", "7 rows"]
    box.clear()
    box.send_keys("x")
    box.send_keys("\b")
    assert len(texts(opened, MODELS)) == 5


TREE = "#part-2 .tree .row:not(.head) > :first-child"


def modules(browser: "Chrome") -> list[str]:
    """The modules that are shown."""
    return [text.partition(" ")[0] for text in texts(browser, TREE)]


def test_modules_are_opened_by_a_click_and_closed_by_a_key(opened: "Chrome") -> None:
    usual = ["resnet18", "stem", "body", "0"]
    assert modules(opened) == usual
    block = find(opened, "#part-2 details details details summary")
    block.click()
    assert modules(opened) == [*usual, "conv", "inner"]
    block.send_keys(" ")
    assert modules(opened) == usual


def test_all_modules_open_and_close(opened: "Chrome") -> None:
    find(opened, "#part-2 button.open").click()
    assert modules(opened) == ["resnet18", "stem", "body", "0", "conv", "inner", "act"]
    find(opened, "#part-2 button.close").click()
    assert modules(opened) == ["resnet18", "stem", "body"]


def test_modules_are_found_by_their_whole_names(opened: "Chrome") -> None:
    before = modules(opened)
    box = find(opened, "#part-2 .bar:has(.open) input")
    box.send_keys("0.inner.act")
    assert modules(opened) == ["resnet18", "body", "0", "inner", "act"]
    assert texts(opened, "#part-2 .count")[1] == "1 of 7 rows"
    box.send_keys("\b" * len("0.inner.act"))
    assert modules(opened) == before


def test_columns_of_modules_stand_below_each_other(opened: "Chrome") -> None:
    find(opened, "#part-2 button.open").click()
    ends = opened.execute_script(
        "return [...document.querySelectorAll('#part-2 .row')].map("
        "row => [...row.children].map(cell => Math.round(cell.getBoundingClientRect().right)))"
    )
    assert len(ends) == 1 + len(LAYERS)
    assert all(one == ends[0] for one in ends)
    assert ends[0] == sorted({*ends[0]})


def test_modules_are_printed_all_and_closed_again(opened: "Chrome") -> None:
    before = modules(opened)
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(modules(opened)) == len(LAYERS)
    opened.execute_script("dispatchEvent(new Event('afterprint'))")
    assert modules(opened) == before


def test_readers_of_a_screen_are_told_what_a_number_is(opened: "Chrome") -> None:
    nodes = opened.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    folds = [node for node in nodes if node.get("role", {}).get("value") == "DisclosureTriangle"]
    (root,) = [one for one in folds if one["name"]["value"].startswith("resnet18")]
    assert "MACs: 5,000,000 MACs %: 100.0" in root["name"]["value"]
    states = {one["name"]: one["value"]["value"] for one in root["properties"]}
    assert states["expanded"] is True


def test_plots_show_their_values_on_hover(opened: "Chrome") -> None:
    from selenium.webdriver import ActionChains

    assert "Params overhead against memories of SR" in texts(opened, "figcaption")
    dot = find(opened, "#part-1 circle[data-label*='P=50']")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", dot)
    assert not find(opened, "#tip").is_displayed()
    ActionChains(opened).move_to_element(dot).perform()
    assert find(opened, "#tip").text == "ResNet-18 + SR (P=50) at 64×64: 4.5"


def test_the_page_switches_between_dark_and_light(opened: "Chrome") -> None:
    def ground() -> str:
        return find(opened, "body").value_of_css_property("background-color")

    before = ground()
    find(opened, "#theme").click()
    assert ground() != before
    find(opened, "#theme").click()
    assert ground() == before


def test_a_phone_scrolls_the_table_and_not_the_page(opened: "Chrome", page: Path) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 700, "deviceScaleFactor": 2, "mobile": True},
    )
    opened.get(page.as_uri())
    try:
        assert opened.execute_script("return document.documentElement.scrollWidth") <= 360
        box = "document.querySelector('.scroll')"
        assert opened.execute_script(f"return {box}.scrollWidth > {box}.clientWidth")
        box = "document.querySelector('.tree')"
        assert opened.execute_script(f"return {box}.scrollWidth > {box}.clientWidth")
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_page_shows_where_the_numbers_are_from(opened: "Chrome") -> None:
    find(opened, "#part-1 summary").click()
    told = find(opened, "#part-1 dl").text
    assert "2.14.1" in told
    assert NASTY in told  # the publication, and why a figure was changed


def test_damaged_records_are_reported_and_the_others_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"nonsense\n" + jsonl.line(counted("resnet18")))
    output = tmp_path / "r.html"
    assert run(["report", str(path), "-o", str(output)]) == 4
    assert capsys.readouterr().err.count("line 1: damaged") == 1
    assert "ResNet-18" in output.read_text()


def test_without_records_there_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "r.jsonl").write_bytes(b"")
    output = tmp_path / "r.html"
    assert run(["report", str(tmp_path / "r.jsonl"), "-o", str(output)]) == 2
    assert "there is no record in" in capsys.readouterr().err
    assert not output.exists()
    assert run(["report", str(tmp_path / "r.jsonl"), "-o", "/nonexistent/r.html"]) == 2


def test_all_files_without_records_are_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"")
    with contextlib.chdir(tmp_path):
        assert run(["report", "a.jsonl", "b.jsonl", "-o", "r.html"]) == 2
    told = capsys.readouterr().err
    assert "no record in a.jsonl" in told
    assert "no record in b.jsonl" in told


def test_models_can_be_written_as_html(tmp_path: Path) -> None:
    output = tmp_path / "models.html"
    assert run(["models", "--output", str(output)]) == 0
    assert "<td" in output.read_text()
    assert "resnext50_32x4d" in output.read_text()
