"""The report authors' kNN arithmetic, written again from its formula in torch, on the small synthetic set.

Their script drops the incomplete last batch of the bank; here, as in ours, the bank is whole.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twlv.tasks import KNN


@pytest.mark.parametrize(("rows", "clips"), [("video", 1), ("video", 6), ("clip", 6)])
def test_accuracy_equals_the_published_formula(fake, rows: str, clips: int) -> None:
    train = fake.blobs(700, classes=20, dim=32, noise=2.5, clips=clips, prefix="t")
    test = fake.blobs(200, classes=20, dim=32, noise=2.5, clips=clips, seed=1, prefix="e")
    outcome = KNN(k=200, bank=rows, query=rows).run(train, test)

    def stacked(features) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        arrays = [e.vectors if rows == "clip" else e.vectors.mean(0, keepdims=True) for e, _ in features]
        labels = np.array([sample.target.index for _, sample in features])
        video = np.repeat(np.arange(len(arrays)), [len(a) for a in arrays])
        vectors = torch.nn.functional.normalize(torch.from_numpy(np.concatenate(arrays)), dim=1)
        return vectors, torch.from_numpy(labels[video]), video

    bank, bank_labels, _ = stacked(train)
    queries, labels, video = stacked(test)
    weight, index = (queries @ bank.T).topk(200, dim=1)
    onehot = torch.nn.functional.one_hot(bank_labels[index], 20)
    scores = ((weight / 0.1).exp().unsqueeze(-1) * onehot).sum(1)
    summed = torch.zeros(200, 20).index_add_(0, torch.from_numpy(video), scores)
    truth = torch.zeros(200, dtype=torch.long).scatter_(0, torch.from_numpy(video), labels)
    expected = 100 * float((summed.argmax(1) == truth).double().mean())
    assert outcome.scores["knn/top1"].value == pytest.approx(expected)
    assert 20 < expected < 95  # neither chance nor saturated
