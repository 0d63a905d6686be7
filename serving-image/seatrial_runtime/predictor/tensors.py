"""Tensors of V2 as JSON: datatype, shape and data, read strictly."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from seatrial.contract.schema import Kind
from seatrial_runtime.predictor.invalid import InvalidInputError, listed, shown
from seatrial_runtime.predictor.rows import check_count

_INTEGERS = ("INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8")
_FLOATS = ("FP64", "FP32", "FP16")
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


def read_tensors(value: object, field: str) -> list[Tensor]:
    """Return a list of at least one object; raises InvalidInputError."""
    if type(value) is not list or not value or not all(type(item) is dict for item in value):
        raise InvalidInputError(f"{field} is {shown(value)}; expected a list of tensors", field)
    return value


def read_data(given: Tensor, where: str, kind: Kind, width: int = 1) -> tuple[int, list[Any]]:
    """Return the row count and the flat data, row by row, of a tensor of `width` columns."""
    _check_datatype(given, where, kind)
    count = _rows(given.get("shape"), where, width)
    data = _flat(given.get("data"), where, count, width)
    if given["datatype"] in _INTEGERS and float in set(map(type, data)):
        i = next(i for i, value in enumerate(data) if type(value) is float)
        raise InvalidInputError(f"{where}: {data[i]!r} is in a tensor of {given['datatype']}; expected integers", where)
    return count, data


def _check_datatype(given: Tensor, where: str, kind: Kind) -> None:
    expected = _DATATYPES[kind]
    if given.get("datatype") not in expected:
        value = shown(given.get("datatype"))
        raise InvalidInputError(f"{where}: datatype is {value}; expected one of {listed(expected)}", where)


def _rows(shape: Any, where: str, width: int) -> int:
    fits = type(shape) is list and all(type(n) is int for n in shape)
    if not fits or not (shape[1:] == [width] or (width == 1 and len(shape) == 1)):
        expected = "[n] or [n, 1]" if width == 1 else f"[n, {width}]"
        raise InvalidInputError(f"{where}: shape is {shown(shape)}; expected {expected}", where)
    count: int = shape[0]
    check_count(count, where)
    return count


def _flat(data: Any, where: str, count: int, width: int) -> list[Any]:
    if type(data) is list and len(data) == count and type(data[0]) is list:
        if not all(type(row) is list and len(row) == width for row in data):
            raise InvalidInputError(f"{where}: data is {shown(data)}; expected {count} rows of {width} values", where)
        data = [*chain.from_iterable(data)]
    if type(data) is not list or len(data) != count * width:
        raise InvalidInputError(f"{where}: data is {shown(data)}; expected {count * width} values", where)
    return data
