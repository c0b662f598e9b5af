"""What a condition, a number or a formula says, as frozen values: read from text, never pasted into SQL."""

from .arithmetic import FUNCTIONS
from .nodes import Binary, Call, Expression, In, IsNull, Literal, Name, Unary, names
from .parsing import parse_condition, parse_formula, parse_number
from .writing import text

__all__ = [
    "FUNCTIONS",
    "Binary",
    "Call",
    "Expression",
    "In",
    "IsNull",
    "Literal",
    "Name",
    "Unary",
    "names",
    "parse_condition",
    "parse_formula",
    "parse_number",
    "text",
]
