"""Weights from where their authors publish them to a folder of ours: ``twlv models fetch NAME``.

``fetching`` the steps in order; ``from_hub`` and ``from_url`` the two ways; ``receipt`` what was got, for
checking. Nothing that is fetched is ever run.
"""
