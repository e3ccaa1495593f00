"""The tiny city of tests/judge/small_city.py, as fixtures."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PATH = Path(__file__).resolve().parents[1] / "judge" / "small_city.py"
_SPEC = spec_from_file_location("small_city", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_CITY = sys.modules.get("small_city") or module_from_spec(_SPEC)
if "small_city" not in sys.modules:
    sys.modules["small_city"] = _CITY
    _SPEC.loader.exec_module(_CITY)

catalogue = _CITY.catalogue
ruleset = _CITY.ruleset
rules_text = _CITY.rules_text
as_of = _CITY.as_of
child = _CITY.child
city = _CITY.city
