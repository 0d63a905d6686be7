"""Tensors of V2 as JSON: datatype, shape and data, read strictly."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from seatrial.contract.schema import Kind
from seatrial_runtime.predictor.invalid import InvalidInputError, listed, shown, shown_at
from seatrial_runtime.predictor.rows import check_count

_BITS = (64, 32, 16, 8)
_INTEGERS = {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in _BITS} | {
    f"UINT{bits}": (0, 2**bits - 1) for bits in _BITS
}  # the least and the largest value of each
_FLOATS = ("FP64", "FP32")  # the protocol has no way to write FP16 but as raw bytes, which are not read here
_DATATYPES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NUMBER: (*_FLOATS, *_INTEGERS),
    Kind.INTEGER: (*_INTEGERS, *_FLOATS),
    Kind.STRING: ("BYTES",),
    Kind.BOOLEAN: ("BOOL",),
}

Tensor = dict[str, Any]


def datatype_of(kind: Kind) -> str:
    """Return the datatype that the metadata name for a kind; others may fit too."""
    return _DATATYPES[kind][0]


def tensor(name: str, datatype: str, data: list[Any], width: int | None = None) -> Tensor:
    """Return a tensor of shape [n], or [n, width] from flat data."""
    shape = [len(data)] if width is None else [len(data) // width, width]
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def read_tensors(document: dict[str, Any], field: str) -> list[Tensor]:
    """Return a field that is a list of at least one object; raises InvalidInputError."""
    value = document.get(field)
    if type(value) is not list or not value or not all(type(item) is dict for item in value):
        raise InvalidInputError(f"{field} is {shown_at(document, field)}; expected a list of tensors", field)
    return value


def read_data(given: Tensor, where: str, kind: Kind, width: int = 1) -> tuple[int, list[Any]]:
    """Return the row count and the flat data, row by row, of a tensor of `width` columns."""
    _check_datatype(given, where, kind)
    count = _rows(given, where, width)
    data = _flat(given, where, count, width)
    if given["datatype"] in _INTEGERS:
        _check_integers(data, given["datatype"], where)
    return count, data


def _check_datatype(given: Tensor, where: str, kind: Kind) -> None:
    expected = _DATATYPES[kind]
    if given.get("datatype") not in expected:
        value = shown_at(given, "datatype")
        raise InvalidInputError(f"{where}: datatype is {value}; expected one of {listed(expected)}", where)


def _check_integers(data: list[Any], datatype: str, where: str) -> None:
    """Raise InvalidInputError for a number that the datatype cannot hold; what is no number is the schema's matter."""
    low, high = _INTEGERS[datatype]
    numbers = [value for value in data if type(value) in (int, float)]
    if float in set(map(type, numbers)) or (numbers and not low <= min(numbers) <= max(numbers) <= high):
        value = next(value for value in numbers if type(value) is float or not low <= value <= high)
        expected = f"integers from {low} to {high}"
        raise InvalidInputError(f"{where}: {shown(value)} is in a tensor of {datatype}; expected {expected}", where)


def _rows(given: Tensor, where: str, width: int) -> int:
    shape: Any = given.get("shape")
    fits = type(shape) is list and all(type(n) is int for n in shape)
    if not fits or not (shape[1:] == [width] or (width == 1 and len(shape) == 1)):
        expected = "[n] or [n, 1]" if width == 1 else f"[n, {width}]"
        raise InvalidInputError(f"{where}: shape is {shown_at(given, 'shape')}; expected {expected}", where)
    count: int = shape[0]
    check_count(count, where)
    return count


def _flat(given: Tensor, where: str, count: int, width: int) -> list[Any]:
    data: Any = given.get("data")
    if type(data) is list and len(data) == count and type(data[0]) is list:
        if not all(type(row) is list and len(row) == width for row in data):
            raise InvalidInputError(f"{where}: data is {shown(data)}; expected {count} rows of {width} values", where)
        data = [*chain.from_iterable(data)]
    if type(data) is not list or len(data) != count * width:
        value = shown_at(given, "data")
        raise InvalidInputError(f"{where}: data is {value}; expected {count * width} values", where)
    return data
