"""twlv: videos to embeddings with any backbone, and honest measures of what they know."""

__version__ = "0.1.0"
