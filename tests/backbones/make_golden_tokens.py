"""Write ``golden_tokens.json`` anew: ``python -m tests.backbones.make_golden_tokens``, from the checkout."""

from __future__ import annotations

import json
from pathlib import Path

from .zoo import ARCHITECTURES, golden_values, small_backbone

if __name__ == "__main__":
    values = {name: golden_values(small_backbone(name)) for name in ARCHITECTURES}
    target = Path(__file__).parent / "golden_tokens.json"
    lines = ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in values.items())
    target.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
