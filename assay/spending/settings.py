"""What a run may cost."""

from assay.settings import Positive, Settings


class Budget(Settings):
    """The cap on what a run spends. A run whose estimate is above it doesn't begin, and one that comes to it stops."""

    max_usd: Positive | None = None
    """Most dollars that the run may spend, on models, judges, warm-up and preflight together, in all its sittings and
    editions; null is no cap. The worst case of a request is reserved before it is sent, so the cap is never passed. With
    a cap, every price has to be known."""
