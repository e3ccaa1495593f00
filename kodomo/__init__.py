"""こどもの杜ダッシュボード: find children who may need help early, and carry each one to support."""

__version__ = "0.1.0"
