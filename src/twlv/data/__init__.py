"""Annotations to samples: manifests, folders of videos, and a check of every file.

``dataset`` takes a name or a manifest, ``read_manifest`` a manifest, ``collect`` files and folders; all
return a ``Dataset``, a plain value. ``few_shot`` draws k videos of each class. ``check_dataset`` decodes and
counts. Loads no torch and no decoder until a check decodes.
"""

from twlv.data.check import check_dataset
from twlv.data.collect import collect
from twlv.data.load import dataset
from twlv.data.manifest import read_manifest
from twlv.data.report import CheckReport
from twlv.data.shots import few_shot

__all__ = ["CheckReport", "check_dataset", "collect", "dataset", "few_shot", "read_manifest"]
