"""The report page: what a page shows as one JSON document, and the HTML file that draws it."""

from twlv.report.page.assemble import assemble
from twlv.report.page.data import page_data

__all__ = ["assemble", "page_data"]
