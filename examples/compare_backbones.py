"""Two or more backbones on one manifest, side by side.

python examples/compare_backbones.py manifest.csv efficientnet_lite0.imagenet gradient_flow.fixed
"""

import sys

import twlv
from twlv.report import terminal


def main(manifest: str, *names: str) -> None:
    data = twlv.dataset(manifest)
    results = [twlv.evaluate(name, data, task=twlv.tasks.KNN(k=3)) for name in names]
    print(terminal(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
