"""pytorch_optimizer 3.10 and 3.11: AdaBelief's foreach path lacks the bias correction of the first moment.

The path is also taken by default on the CPU, though the changelog of 3.10.0 says that it is only tried on CUDA. So the
first step is a tenth of what it was in 3.9.0. Prints the lengths of the first steps, by default, without and with
foreach.

    pip install torch pytorch_optimizer==3.11.0
"""

from importlib.metadata import version

import torch
from pytorch_optimizer import AdaBelief


def first_steps(**options):
    """Minimise x² from 1; return the lengths of three steps."""
    x = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = AdaBelief([x], lr=0.05, **options)
    lengths = []
    for _ in range(3):
        before = x.item()
        optimizer.zero_grad()
        (x**2).sum().backward()
        optimizer.step()
        lengths.append(round(before - x.item(), 4))
    return lengths


def main():
    """Compare the three ways."""
    print(
        f"pytorch_optimizer {version('pytorch_optimizer')}: first steps by default {first_steps()}, with foreach=False "
        f"{first_steps(foreach=False)}, with foreach=True {first_steps(foreach=True)}"
    )


if __name__ == "__main__":
    main()
