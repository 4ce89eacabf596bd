"""Tables for papers, programs and model cards: CSV, JSON, LaTeX, and Hugging Face's ``model-index``."""

from twlv.report.export.latex import latex
from twlv.report.export.model_card import model_card
from twlv.report.export.values import csv_text, json_text

__all__ = ["csv_text", "json_text", "latex", "model_card"]
