"""Data sets from the procedural world: encoded files, manifests and the annotations of other layouts.

``settings_for`` says what a set is made from, ``make_set`` writes it into a folder. Each kind is one function
from settings to a ``Plan`` (what will be drawn, and its labels); ``make`` turns any plan into files.
"""

from twlv.data.synth.make import Watch, make_set
from twlv.data.synth.settings import KINDS, Settings, settings_for

__all__ = ["KINDS", "Settings", "Watch", "make_set", "settings_for"]
