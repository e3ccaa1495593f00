"""Record linkage (名寄せ): which resident each row of the person extracts belongs to, why, and how surely."""

from kodomo.linkage.evaluation import evaluate
from kodomo.linkage.run import LinkSummary, link

__all__ = ["LinkSummary", "evaluate", "link"]
