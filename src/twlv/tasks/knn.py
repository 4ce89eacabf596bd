"""k nearest neighbours: what an embedding knows without any training (report, Table 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv import metrics
from twlv.errors import UsageError
from twlv.tasks.choices import require_choice
from twlv.tasks.scoring import Answers, Missing, baselines, notes, predictions, top_scores
from twlv.tasks.seeds import derive
from twlv.tasks.table import Rows, Table, check_pair, class_count, gather
from twlv.types import DoubleArray, IntArray, Level, Outcome, Score

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads import Neighbours

Vote = Literal["exp", "softmax", "count"]
_SCORE_BLOCK = 4_000_000  # class scores that are held at once


@dataclass(frozen=True, kw_only=True)
class KNN:
    """Weighted k-nearest-neighbour classification by cosine similarity.

    Every training video is in the bank. Vectors are brought to length one (epsilon 1e-12); for ``video`` rows
    the clips are averaged first. The similarities are exact (``heads.unit``), so results do not depend on
    device, chunking or number format. Ties: of equally similar bank rows the earlier is the nearer one, in the
    order of video ids, then of clips; of equal class scores the lowest class index wins.

    Columns of the report's Table 6: *Uniform* and *Video* are ``bank=video, query=video`` (on uniform and
    multi-clip embeddings), *Clip* is ``bank=clip, query=clip``.

    Attributes:
        k: Number of neighbours, one or several; the first is that of ``knn/top1``, and with several each also
            has ``knn/top1_k<k>``. A k above the size of the bank is lowered to it, which is noted. 200 is the
            value of the authors' script (knn/main.py); the report prints none.
        temperature: tau of the vote; 0.1 is the value of the authors' script.
        vote: ``exp``: a neighbour of similarity s adds exp(s / tau) to its class, over all clips of the query
            video (the authors' script). ``softmax``: the votes of each clip are first scaled to sum to one.
            ``count``: one vote each.
        bank: Whether a bank row is a training video or a clip of one.
        query: Whether a test video asks once, or every clip asks and their class scores are added.
        missing: Whether a test video without an embedding is ``wrong`` or ``exclude``d from the scores.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    k: tuple[int, ...] | int = (200,)
    temperature: float = 0.1
    vote: Vote = "exp"
    bank: Rows = "video"
    query: Rows = "video"
    missing: Missing = "wrong"
    device: str = "auto"

    def __post_init__(self) -> None:
        ks = (self.k,) if isinstance(self.k, int) else tuple(self.k)
        object.__setattr__(self, "k", ks)
        if not ks or min(ks) < 1:
            raise UsageError(f"k must be one or more whole numbers from 1 up, got {self.k}")
        if not self.temperature > 0:
            raise UsageError(f"temperature must be above 0, got {self.temperature}")
        require_choice("vote", self.vote, Vote)
        require_choice("bank", self.bank, Rows)
        require_choice("query", self.query, Rows)
        require_choice("missing", self.missing, Missing)

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "knn"

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """One vector for each clip."""
        return "clip"

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores ``knn/top1``, ``knn/top5`` and ``knn/mean_per_class`` in percent; only intervals use ``seed``.

        Raises:
            FeatureError: embeddings or labels that cannot be used; names the video.
        """
        from twlv.heads import nearest, to_unit

        check_pair(train, test)
        memory = gather(train, self.bank, role="train")
        asked = gather(test, self.query, role="test")
        num_classes = class_count(test.dataset.classes, memory, asked)
        said = notes(memory, asked, self.missing)
        zeros = {"bank": to_unit(memory.rows), "query": to_unit(asked.rows)}
        said += [f"{count} {where} vectors are zero" for where, count in zeros.items() if count]
        used = self._used(len(memory.rows), said)
        found = nearest(memory.rows, asked.rows, max(used), device=self.device)
        answers = [self._answer(found, memory, asked, k, num_classes) for k in used]
        interval_seed = derive(seed, "knn/interval")
        return Outcome(
            scores=self._scores(asked, answers, interval_seed),
            notes=tuple(said),
            details={
                **baselines(memory, asked, num_classes),
                "k": list(used),
                "bank_rows": len(memory.rows),
                "query_rows": len(asked.rows),
                "zero_vectors": dict(zeros),
                "mean_similarity_nearest": float(found.similarity[:, 0].mean()),
            },
            predictions=predictions(asked, answers[0]),
            seeds={"run": seed, "interval": interval_seed},
        )

    def _used(self, bank_size: int, said: list[str]) -> tuple[int, ...]:
        ks = self.k if isinstance(self.k, tuple) else (self.k,)
        if max(ks) > bank_size:
            lowered = ", ".join(str(k) for k in ks if k > bank_size)
            said.append(f"k = {lowered} is more than the bank holds; k = {bank_size} was used")
        return tuple(min(k, bank_size) for k in ks)

    def _scores(self, asked: Table, answers: Sequence[Answers], seed: int) -> dict[str, Score]:
        scores = top_scores(self.name, asked, answers[0], missing=self.missing, seed=seed)
        ks = self.k if isinstance(self.k, tuple) else (self.k,)
        if len(ks) > 1:
            for k, answer in zip(ks, answers, strict=True):
                each = top_scores(self.name, asked, answer, missing=self.missing, seed=seed, top=(1,))
                own = {name: score for name, score in each.items() if "/top1" in name}
                scores |= {name.replace("/top1", f"/top1_k{k}"): score for name, score in own.items()}
        return scores

    def _answer(self, found: Neighbours, memory: Table, asked: Table, k: int, num_classes: int) -> Answers:
        """Votes of the ``k`` nearest, a block of videos at a time."""
        labels = memory.one_each[memory.row_video]
        rank = np.empty(len(asked), dtype=np.int64)
        predicted = np.empty(len(asked), dtype=np.int64)
        block = max(1, _SCORE_BLOCK // num_classes)
        for start in range(0, len(asked), block):
            end = min(start + block, len(asked))
            rows = slice(asked.offsets[start], asked.offsets[end])
            scores = class_scores(
                found.similarity[rows, :k],
                labels[found.rows[rows, :k]],
                asked.row_video[rows] - start,
                (end - start, num_classes),
                temperature=self.temperature,
                vote=self.vote,
            )
            rank[start:end] = metrics.truth_rank(scores, asked.one_each[start:end])
            predicted[start:end] = scores.argmax(axis=1)
        return Answers(rank=rank, predicted=predicted)


def class_scores(
    similarity: DoubleArray,
    labels: IntArray,
    video: IntArray,
    shape: tuple[int, int],
    *,
    temperature: float,
    vote: Vote,
) -> DoubleArray:
    """Votes (videos, classes) of the neighbours (R, k) of clips, added over the clips of a video.

    ``labels`` (R, k) are the classes of the neighbours, ``video`` (R,) the video of each clip, ``shape`` is
    (videos, classes). Within a video all ``exp`` votes may be scaled by one factor, so that no temperature
    overflows; that changes no order. Votes of a class are added from the nearest neighbour on, so classes
    with the same neighbours' similarities tie exactly.
    """
    if vote == "count":
        weight = np.ones_like(similarity)
    elif vote == "exp":
        largest = np.full(shape[0], -np.inf)
        np.maximum.at(largest, video, similarity[:, 0])
        weight = np.exp((similarity - largest[video][:, None]) / temperature)
    else:
        weight = np.exp((similarity - similarity[:, :1]) / temperature)
        weight /= weight.sum(axis=1, keepdims=True)
    flat = video[:, None] * shape[1] + labels
    votes = np.bincount(flat.ravel(), weights=weight.ravel(), minlength=shape[0] * shape[1])
    return votes.astype(np.float64, copy=False).reshape(shape)
