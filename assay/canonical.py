"""One spelling for one value: JSON that is the same text however the keys were ordered.

What is compared or hashed as text goes through here, so that reordered keys never look like a change.
"""

import json
from typing import Any


def canonical_json(value: Any) -> str:
    """Compact ASCII JSON with sorted keys. Raises ValueError for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
