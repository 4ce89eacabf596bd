"""Which videos of a folder look most like one of them: embed, then compare directions.

python examples/nearest_clips.py videos/ videos/scene000.mp4
"""

import sys

import numpy as np

import twlv


def main(folder: str, query: str) -> None:
    model = twlv.load(twlv.DEFAULT_BACKBONE)
    uniform = twlv.Uniform(num_frames=8)
    videos = twlv.embed(model, [folder], sampling=uniform)
    wanted = twlv.embed(model, [query], sampling=uniform)[0].vectors.mean(axis=0)

    rows = np.stack([video.vectors.mean(axis=0) for video in videos])
    cosine = rows @ wanted / (np.linalg.norm(rows, axis=1) * np.linalg.norm(wanted))
    for index in np.argsort(-cosine)[:5]:
        print(f"{cosine[index]:.3f}  {videos[index].video_id}")


if __name__ == "__main__":
    main(*sys.argv[1:])
