"""The loop: the same bits whatever interrupts it, and what one batch does."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.processes import two_processes
from torch import Tensor, nn

from srbench.errors import BuildError, SrbenchError, Terminated
from srbench.records.training import EpochResult
from srbench.training import loop
from srbench.training import recipe as recipes
from srbench.training.checkpoints import load_state
from srbench.training.data.by_name import open_data
from srbench.training.data.data_sets import DataSet, Split
from srbench.training.data.in_memory import InMemory, Shift
from srbench.training.fabric import fabric_for
from srbench.training.loop import Run
from srbench.training.recipe import Recipe
from srbench.training.watch import Moment

TINY = recipes.load("digits", {"epochs": "3", "batch_size": "8", "size": "8"})


def split(images: int = 24, seed: int = 0) -> Split:
    """Bright and dark images of two classes, a sixth of them held out."""
    random = torch.Generator().manual_seed(seed)
    classes = torch.arange(images) % 2
    pixels = torch.randint(100, (images, 3, 8, 8), generator=random) + 100 * classes.view(
        -1, 1, 1, 1
    )
    source = InMemory(pixels.to(torch.uint8), classes, [0.4] * 3, [0.2] * 3, Shift(1, True))
    return DataSet("made", (3, 8, 8), 2, source).split(0)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout2d(0.3),
        nn.Flatten(),
        nn.Linear(144, 2),
    )


def run(recipe: Recipe = TINY, model: nn.Module | None = None, **others: object) -> Run:
    given = others.pop("split", None) or split()
    assert isinstance(given, Split)
    fabric = fabric_for("cpu", recipe.amp)
    return Run(model or network(), given, recipe, 0, fabric, **others)  # type: ignore[arg-type]


def same(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


class StopAfter:
    """Sends a signal after so many batches."""

    def __init__(self, batches: int, number: int = signal.SIGINT) -> None:
        self.left = batches
        self.number = number

    def moment(self, moment: Moment) -> None:
        self.left -= 1
        if not self.left:
            signal.raise_signal(self.number)

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        pass


def test_two_runs_are_the_same_to_the_bit() -> None:
    one, other = run(), run()
    torch.manual_seed(99)
    assert one.train() == other.train()
    assert same(one.model, other.model)
    third = run()
    third.seed = third.learner.seed = 1
    third.train()
    assert not same(one.model, third.model)


@pytest.mark.parametrize("batches", [1, 2, 3, 4, 8])
@pytest.mark.parametrize(
    "changes",
    [{}, {"ema": 0.9, "optimizer": "adamw", "lr": 0.01}, {"amp": "bfloat16", "clip": 0.5}],
)
def test_an_interrupted_run_goes_on_to_the_same_bits(
    tmp_path: Path, batches: int, changes: dict[str, object]
) -> None:
    recipe = TINY.model_copy(update=changes)
    whole = run(recipe)
    expected = whole.train()
    file = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        run(recipe, checkpoint=file, watch=StopAfter(batches)).train()
    torch.manual_seed(99)
    again = run(recipe, network(seed=5), checkpoint=file)
    assert again.position.epoch * again.batches + again.position.batch == batches
    assert again.train() == expected
    assert same(again.learner.result, whole.learner.result)


def test_a_request_in_the_last_batch_ends_after_the_run(tmp_path: Path) -> None:
    going = run(checkpoint=tmp_path / "c.pt", watch=StopAfter(9, signal.SIGTERM))
    assert len(going.train()) == 3
    assert isinstance(going.interruption, Terminated)
    assert run().interruption is None


class Remembers(nn.Module):
    """Keeps a mean in a buffer that its state dict leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(192, 2)
        self.register_buffer("mean", torch.zeros(()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.5 * self.mean + 0.5 * x.mean().detach()
        return self.linear(x.flatten(1)) + self.mean  # type: ignore[no-any-return]


def test_buffers_that_are_not_in_the_state_dict_go_on(tmp_path: Path) -> None:
    file = tmp_path / "c.pt"
    torch.manual_seed(0)
    with pytest.raises(KeyboardInterrupt):
        run(model=Remembers(), checkpoint=file, watch=StopAfter(4)).train()
    torch.manual_seed(0)
    whole = run(model=Remembers()).train()
    assert run(model=Remembers(), checkpoint=file).train() == whole


class Told(StopAfter):
    """Remembers which epochs it was told of."""

    def __init__(self) -> None:
        super().__init__(0)
        self.numbers: list[int] = []

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        self.numbers.append(len(epochs))


def test_a_run_that_goes_on_tells_what_a_kill_may_have_left_out(tmp_path: Path) -> None:
    run(checkpoint=tmp_path / "c.pt").train(2)
    told = Told()
    run(checkpoint=tmp_path / "c.pt", watch=told).train()
    assert told.numbers == [2, 3]


def test_sigterm_is_remembered_as_such(tmp_path: Path) -> None:
    going = run(checkpoint=tmp_path / "c.pt", watch=StopAfter(2, signal.SIGTERM))
    with pytest.raises(Terminated) as error:
        going.train()
    assert error.value.exit_code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_finished_run_trains_no_more(tmp_path: Path) -> None:
    first = run(checkpoint=tmp_path / "c.pt")
    epochs = first.train()
    again = run(checkpoint=tmp_path / "c.pt", watch=StopAfter(1))
    assert again.train() == epochs
    assert same(again.model, first.model)


def test_a_run_may_end_early_without_another_schedule() -> None:
    assert run().train(epochs=1) == run().train()[:1]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    run(checkpoint=tmp_path / "c.pt", identity="a").train(1)
    with pytest.raises(SrbenchError, match="is of another run"):
        run(checkpoint=tmp_path / "c.pt", identity="b")


def test_a_full_disk_says_so_and_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.pt"
    run(checkpoint=file).train(1)
    before = file.read_bytes()
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SrbenchError, match="No space left"):
        run(checkpoint=file).train()
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


class Diverges(nn.Module):
    """Returns no number from the third batch on."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(192, 2)
        self.batches = 0

    def forward(self, x: Tensor) -> Tensor:
        self.batches += self.training
        return self.linear(x.flatten(1)) * (torch.nan if self.batches > 2 else 1)  # type: ignore[no-any-return]


def test_a_loss_that_is_no_number_ends_the_run_and_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVED_EVERY", 0.0)
    with pytest.raises(BuildError, match="the loss is nan in epoch 1, batch 3") as error:
        run(model=Diverges(), checkpoint=tmp_path / "c.pt").train()
    assert "lower the learning rate" in error.value.hint
    state = load_state(tmp_path / "c.pt")
    assert state is not None
    assert state["position"][:2] == [0, 2]
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_every_image_is_seen_once_an_epoch_in_batches_of_one_size() -> None:
    seen: list[list[Tensor]] = []

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(192, 2)

        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                seen.append([image[0, 0, 0] for image in x])
            return self.linear(x.flatten(1))  # type: ignore[no-any-return]

    data = split(30)  # 25 to train on
    plain = replace(data.data.train, change=Shift())  # type: ignore[type-var]
    run(model=Counting(), split=replace(data, data=replace(data.data, train=plain))).train(1)
    assert sorted(map(len, seen)) == [6, 6, 6, 7]


def test_parts_of_a_batch_add_up_to_the_batch() -> None:
    def trained(parts: int) -> nn.Module:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
        run(TINY.model_copy(update={"accumulate": parts}), model).train()
        return model

    whole = trained(1)
    for parts in (2, 3, 6):
        pairs = zip(whole.parameters(), trained(parts).parameters(), strict=True)
        for expected, found in pairs:
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_the_first_step_is_that_of_the_formula() -> None:
    """SGD with Nesterov's momentum and weight decay, on the mean gradient of the batch."""
    recipe = TINY.model_copy(update={"batch_size": 20, "warmup": 0.0})
    data = split()
    plain = replace(data.data.train, change=Shift())  # type: ignore[type-var]
    data = replace(data, data=replace(data.data, train=plain))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    before = [p.detach().clone() for p in model.parameters()]
    ((images, classes),) = plain.batches([data.train])
    loss = nn.functional.cross_entropy(model(images), classes)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    epochs = run(recipe, model, split=data).train(1)
    assert epochs[0].loss == pytest.approx(float(loss.detach()), rel=1e-6)
    for was, gradient, now in zip(before, gradients, model.parameters(), strict=True):
        whole = gradient + 5e-4 * was
        torch.testing.assert_close(now.detach(), was - 0.1 * (whole + 0.9 * whole))


def test_the_average_of_the_weights_is_what_is_tested() -> None:
    recipe = TINY.model_copy(update={"ema": 0.5, "batch_size": 20})
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    going = run(recipe, model)
    weights = []
    for epoch in range(1, 4):
        going.train(epoch)
        weights.append(model[1].bias.detach().clone())
    expected = 0.5 * (0.5 * weights[0] + 0.5 * weights[1]) + 0.5 * weights[2]
    torch.testing.assert_close(going.learner.result[1].bias.detach(), expected)  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch_size": 21}, "a batch of 21 is more than the 20 images"),
        ({"batch_size": 8, "accumulate": 8}, "cannot be divided among 1 processes with 8 parts"),
    ],
)
def test_batches_must_fit_the_images(changes: dict[str, int], said: str) -> None:
    with pytest.raises(SrbenchError, match=said):
        run(TINY.model_copy(update=changes))


def test_a_network_that_returns_no_logits_says_so() -> None:
    class Text(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(1, 1)

        def forward(self, x: Tensor) -> str:
            return "cat"

    with pytest.raises(BuildError, match="returns a str, not logits"):
        run(model=Text()).train()


KILLED = """
import os, random, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parent)]
import test_loop as t
from srbench.training import loop
loop.SAVED_EVERY = 0.0  # after every batch
file = Path(sys.argv[2]) / "checkpoint.pt"
write = Path.write_bytes

def trains(doom):
    def written(path, data):
        nonlocal doom
        doom -= 1
        if doom < 0:
            write(path, data[: random.Random(doom).randrange(len(data))])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, data)
    Path.write_bytes = written
    run = t.run(t.TINY, t.network(seed=3), checkpoint=file)
    run.train()
    torch.save([run.model.state_dict(), [[e.loss, dict(e.counted)] for e in run.epochs]],
               file.with_name("result.pt"))
    os._exit(0)

deaths = 0
for doom in (0, 1, 2, 1, 3, 1, 99):  # checkpoints until the kill, in the middle of the next one
    if (child := os.fork()) == 0:
        trains(doom)
    _, status = os.waitpid(child, 0)
    deaths += os.WIFSIGNALED(status)
print(deaths)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_in_the_middle_of_writing_it_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    script = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path)]
    deaths = subprocess.run(script, capture_output=True, text=True, check=True, timeout=300)
    assert deaths.stdout.strip() == "6"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = run(model=network(seed=3))
        epochs = whole.train()
    finally:
        torch.set_num_threads(threads)
    weights, told = torch.load(tmp_path / "result.pt", weights_only=True)
    assert told == [[one.loss, dict(one.counted)] for one in epochs]
    assert all(torch.equal(weights[key], value) for key, value in whole.model.state_dict().items())


TOGETHER = """
import sys
import torch
from torch import nn
torch.set_num_threads(1)
from srbench.training import recipe as recipes
from srbench.training.data.by_name import open_data
from srbench.training.evaluation import evaluate
from srbench.training.fabric import fabric_for
from srbench.training.loop import Run

recipe = recipes.load("digits", {"epochs": "2", "accumulate": sys.argv[2], "size": "8"})
data = open_data("digits", recipe)
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))
normed = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(72, 10))
fabric = fabric_for("cpu")
run = Run(model, data.split(0), recipe, 0, fabric)
epochs = [[one.loss, dict(one.counted)] for one in run.train()]
tested = Run(normed, data.split(0), recipe, 0, fabric).train(1)[0].counted
if fabric.is_global_zero:
    alone = evaluate_alone(normed, data.split(0), recipe)
    torch.save([model.state_dict(), epochs, dict(tested), alone], sys.argv[1])
"""
ALONE = """
def evaluate_alone(model, split, recipe):
    from srbench.training.losses import heads
    from srbench.training.metrics import TopK
    metric = TopK()
    model.eval()
    with torch.inference_mode():
        for images, targets in split.tested.batches([[n] for n in split.test]):
            metric.update(heads(model(images))[0], targets)
        rank = [int(n) for n in metric.right]
    return {"top1": rank[0], "top5": rank[1], "images": int(metric.images)}
"""


def together(folder: Path, parts: int) -> list[object]:
    """What two processes come to."""
    script, file = folder / "together.py", folder / "two.pt"
    script.write_text(ALONE + TOGETHER)
    two_processes(script, str(file), str(parts))
    found: list[object] = torch.load(file, weights_only=True)
    return found


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    recipe = recipes.load("digits", {"epochs": "2", "size": "8"})
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))
    epochs = run(recipe, model, split=open_data("digits", recipe).split(0)).train()
    weights_of_two, epochs_of_two, tested, alone = together(tmp_path, parts=3)
    torch.testing.assert_close(weights_of_two, model.state_dict(), rtol=1e-4, atol=1e-5)
    pairs = [(one.loss, one.counted) for one in epochs]
    for (loss, counts), (loss_of_two, counts_of_two) in zip(pairs, epochs_of_two, strict=True):
        assert counts == counts_of_two
        assert loss == pytest.approx(loss_of_two, rel=1e-5)
    # With batch norm each process has its own means; what is tested is what is kept.
    assert tested == alone
