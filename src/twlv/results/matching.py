"""Which column and row of the report a score of ours belongs beside, if any.

A column matches if task, metric, data set (by name, whole, and with the report's number of classes) and, for
kNN, the kind of embedding and the published script's settings are the same. How the rest of a protocol may
differ is said by ``caveat``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from twlv.results.compare import axes, base_name
from twlv.results.contamination import exact_name
from twlv.results.published import PAPER, PublishedRecord, column
from twlv.results.result import Reference, Result

DATASETS = {
    "kinetics400": ("K400", (400,)),
    "momentsintime": ("MiT", (305, 339)),
    "ssv2": ("SSv2", (174,)),
    "diving48": ("DV48", (48,)),
    "epickitchens": ("EK", (97,)),
    "imagenet1k": ("IN-1K", (1000,)),
    "50salads": ("50Salads", ()),
    "gtea": ("GTEA", ()),
    "breakfast": ("Breakfast", ()),
    "ava": ("AVA-v2.2", ()),
}
"""Our name -> the report's, and the class counts it may have. Epic-Kitchens: verbs (inferred)."""

METRICS = {
    "linear_probe/top1": (3, "top1"),
    "linear_probe/top5": (3, "top5"),
    "attentive_probe/top1": (5, "top1"),
    "attentive_probe/top5": (5, "top5"),
    "spatiotemporal_localization/fap_50": (11, "fAP@0.5"),
    "temporal_segmentation/mf1": (12, "mF1"),
    "temporal_segmentation/edit": (12, "Edit"),
    "temporal_segmentation/accuracy": (12, "Acc"),
}
"""Score name -> table and its metric. kNN is in ``_knn_metric``."""

KNN_K, KNN_TEMPERATURE, KNN_CLIP_SECONDS = 200, 0.1, 2.0
"""The published script's k and temperature (the report prints neither) and the report's clip length."""

_CAVEATS = {
    3: "the report trains its linear probe with the backbone in the loop, on augmented clips (table 4); "
    "a probe on stored embeddings is expected to score lower",
    5: "the report trains its attentive probe on augmented clips (table 4) and tells the form of its pooler in "
    "words only; a probe on stored tokens is expected to score lower",
    6: "the report prints no k, temperature or metric for kNN; k = 200, temperature 0.1 and cosine are those "
    "of its published script",
}

_ARCHITECTURES = {"vit_b": "ViT-B", "vit_l": "ViT-L", "vit_h": "ViT-H", "vit_g": "ViT-g"}
_METHODS = {"twlv1": "TWLV-I", "vjepa": "V-JEPA", "umt": "UMT", "dfn": "DFN", "internvideo2": "InternVideo2"}


@dataclass(frozen=True, kw_only=True)
class PublishedColumn:
    """A column of the report: table, data set and metric in its own names."""

    table: int
    dataset: str
    metric: str

    @property
    def records(self) -> tuple[PublishedRecord, ...]:
        """Its rows in print order."""
        return column(self.table, self.dataset, self.metric)

    @property
    def caveat(self) -> str:
        """What may differ although the column matches."""
        return _CAVEATS.get(self.table, "")


def matching_column(result: Result, score: str) -> PublishedColumn | None:
    """The report's column for this score, or None if it prints no such number."""
    known = exact_name(result.dataset.name)
    if known not in DATASETS or result.dataset.selection:
        return None
    dataset, classes = DATASETS[known]
    if classes and result.dataset.num_classes not in classes:
        return None
    table, metric = METRICS.get(score, (0, ""))
    if base_name(score) == "knn/top1":
        table, metric = 6, _knn_metric(result, score)
    found = PublishedColumn(table=table, dataset=dataset, metric=metric)
    return found if found.records else None


def _knn_metric(result: Result, score: str) -> str:
    """``top1/uniform``, ``top1/video``, ``top1/clip``, or empty if the settings are not the published ones."""
    config, sampling = axes(result, score), result.embedding.get("sampling")
    kind = str(sampling.get("kind", "")).lower() if isinstance(sampling, dict) else ""
    published = {"k": KNN_K, "temperature": KNN_TEMPERATURE, "vote": "exp"}
    if any(config.get(name, value) != value for name, value in published.items()):
        return ""
    if kind == "uniform":
        return "top1/uniform"
    if (
        kind != "multiclip"
        or not isinstance(sampling, dict)
        or sampling.get("clip_seconds") != KNN_CLIP_SECONDS
    ):
        return ""
    rows = {str(config.get(name, "video")) for name in ("bank", "query")}
    return f"top1/{rows.pop()}" if len(rows) == 1 else ""


def model_of(backbone: str) -> tuple[str, str, str] | None:
    """Method, stage, architecture in the report's names for one of our backbone names; None if it has none.

    ``vjepa_vit_l.videomix2m`` gives ``("V-JEPA", "", "ViT-L")``. Random weights stand for no printed row.
    """
    name, _, weights = backbone.partition(".")
    family, _, arch = name.partition("_")
    if family not in _METHODS or arch not in _ARCHITECTURES or weights.startswith("random"):
        return None
    method = _METHODS[family]
    if method == "TWLV-I" and re.search(r"ssv2", weights):
        method = "TWLV-I (+SSv2)"
    stage = re.search(r"(?:^|[._-])(s[12])(?:$|[._-])", weights)
    return method, stage.group(1) if stage else "", _ARCHITECTURES[arch]


def references(result: Result) -> dict[str, Reference]:
    """The report's value for every score of a result that it prints for this model."""
    model = model_of(result.backbone.name)
    found: dict[str, Reference] = {}
    for name in result.scores:
        matched = matching_column(result, name) if model else None
        rows = [record for record in matched.records if record.model == model] if matched else []
        if len(rows) == 1:
            found[name] = _reference(rows[0])
    return found


def _reference(row: PublishedRecord) -> Reference:
    return Reference(
        paper=PAPER,
        table=row.table,
        method=row.method,
        arch=row.arch,
        stage=row.stage,
        dataset=row.dataset,
        metric=row.metric,
        value=row.value,
        dagger=row.dagger,
        quoted=row.quoted,
    )
