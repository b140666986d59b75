"""procedure-kb: the reference knowledge base of interventional pain management."""

__version__ = "0.1.0"
