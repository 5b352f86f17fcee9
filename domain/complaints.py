"""What does a failed validation say to whoever sent the value? Plain words, without the validator's own and Python's."""

import re
from collections.abc import Mapping
from typing import Any

_SAID = {
    "missing": "is missing",
    "none_required": "must be left out",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "has not the form that is asked for",
}
_UNKNOWN_NAME = "Extra inputs are not permitted"
_THING = re.compile(r"^(?:Input|String|Value|Decimal input|List|Tuple|Dictionary) should ")
_COUNTED = re.compile(r"^have at (least|most) (\d+) items? after validation, not (\d+)$")


def complaint(error: Mapping[str, Any]) -> str:
    """What is wrong with the field, to be read after its name; ``error`` is one of ``ValidationError.errors()``."""
    kind, said = str(error["type"]), str(error["msg"])
    if kind in _SAID:
        return _SAID[kind]
    if said == _UNKNOWN_NAME:
        return "is no field that is known here"
    said = said.removeprefix("Value error, ")
    rest, replaced = _THING.subn("", said)
    if not replaced:
        return said
    counted = _COUNTED.match(rest)
    if counted:
        return f"must have at {counted[1]} {counted[2]} item{'' if counted[2] == '1' else 's'}, not {counted[3]}"
    return f"must {rest}"
