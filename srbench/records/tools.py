"""Other tools that count, and what is in the total that each prints."""

from collections.abc import Mapping
from typing import NamedTuple


class Tool(NamedTuple):
    """A tool as it is called with all its defaults: the version whose rules are known, the word for
    what it prints, what it counts, and how many it takes a multiply-add for."""

    title: str
    version: str
    word: str
    counts: str
    times: int = 1


NO_FUNCTIONS = "what functions compute outside of such modules is missing"
TOOLS: Mapping[str, Tool] = {
    "fvcore": Tool(
        "fvcore",
        "0.1.5",
        "FLOPs",
        "one for each multiply-add, two for each element of a batch norm, five of a layer or group "
        "norm, and one for each element that an adaptive average pooling reads; srbench's FLOPs",
    ),
    "torch": Tool(
        "FlopCounterMode",
        "2.14",
        "FLOPs",
        "two for each multiply-add of convolutions and matrix products, and nothing else; on the "
        "CPU no fused attention",
        2,
    ),
    "calflops-macs": Tool(
        "calflops (MACs)",
        "0.3.2",
        "MACs",
        "convolutions, linear layers, torch.matmul and addmm; no torch.bmm, einsum, fused "
        "attention, nor the operator @",
    ),
    "calflops-flops": Tool(
        "calflops (FLOPs)",
        "0.3.2",
        "FLOPs",
        "two for each of its MACs, the biases of convolutions, two for each element of a batch "
        "norm, five of other norms, and one for each that an activation or a pooling reads",
        2,
    ),
    "deepspeed-macs": Tool(
        "DeepSpeed (MACs)",
        "0.19.8",
        "MACs",
        "what calflops counts, and also torch.bmm, mm, the operator @ and fused attention; no "
        "einsum",
    ),
    "deepspeed-flops": Tool(
        "DeepSpeed (FLOPs)",
        "0.19.8",
        "FLOPs",
        "two for each of its MACs, and the biases, norms, activations and poolings that calflops "
        "counts",
        2,
    ),
    "ptflops-aten": Tool(
        "ptflops (aten)",
        "0.7.5",
        "MACs",
        "convolutions and matrix products with their biases; no batched product with an addition, "
        "no fused attention",
    ),
    "ptflops-pytorch": Tool(
        "ptflops (pytorch)",
        "0.7.5",
        "MACs",
        "convolutions and linear layers with their biases, two for each element of a batch norm, "
        "and one for each of an activation or pooling, twice where a module calls a function that "
        "it replaces (nn.ReLU); no operators + * @ and no functional linear layers; its default",
    ),
    "torchprofile": Tool(
        "torchprofile",
        "0.1.0",
        "MACs",
        "multiply-adds, and one for each element that a norm, a multiplication, a mean or an "
        "average pooling puts out",
    ),
    "thop": Tool(
        "thop",
        "0.1.1",
        "MACs",
        "convolutions and linear layers without biases, four for each element of a batch norm, and "
        f"average poolings, as modules; {NO_FUNCTIONS}",
    ),
    "torchinfo": Tool(
        "torchinfo",
        "1.8.0",
        "mult-adds",
        "convolutions with their biases, and every other module's parameters once for a sample, "
        f"however often they are used; {NO_FUNCTIONS}",
    ),
}
