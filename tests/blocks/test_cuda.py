"""Every block on a GPU: what the tests on the CPU cannot show."""

import pytest
import torch
from test_every_block import batch, every_block, make

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]


@every_block
def test_a_block_agrees_with_the_cpu(name: str) -> None:
    block, x = make(name).eval(), batch()
    expected = block(x)
    torch.testing.assert_close(block.cuda()(x.cuda()).cpu(), expected, rtol=1e-3, atol=1e-3)


@every_block
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_block_trains_under_autocast(name: str, dtype: torch.dtype) -> None:
    block = make(name).cuda().train()
    x = batch().cuda().requires_grad_()
    with torch.autocast("cuda", dtype=dtype):
        y = block(x)
    y.float().sum().backward()
    assert x.grad.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in block.parameters())


@every_block
def test_channels_last_stays_channels_last(name: str) -> None:
    block = make(name).cuda().eval().to(memory_format=torch.channels_last)
    y = block(batch().cuda().to(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)


@every_block
def test_a_block_compiles_with_the_default_backend(name: str) -> None:
    torch.compiler.reset()
    block, x = make(name).cuda().eval(), batch().cuda()
    compiled = torch.compile(block, fullgraph=True)
    torch.testing.assert_close(compiled(x), block(x), rtol=1e-3, atol=1e-3)
