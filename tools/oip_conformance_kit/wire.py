"""protobuf's wire format, as much of it as the kit's messages take."""

import struct


def varint(value):
    value &= 2**64 - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(*fields):
    """Each field is (number, value) or (number, value, kind); text and bytes are length-delimited, integers varints."""
    out = b""
    for number, value, *kind in fields:
        if kind and kind[0].startswith("<"):
            out += varint(number << 3 | (5 if kind[0] == "<f" else 1)) + struct.pack(kind[0], value)
        elif isinstance(value, (str, bytes)):
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
        else:
            out += varint(number << 3) + varint(int(value))
    return out


def _read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields_of(data):
    """Number: list of values."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        if tag & 7 == 0:
            value, at = _read_varint(data, at)
        elif tag & 7 == 2:
            size, at = _read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if tag & 7 == 1 else 4
            value, at = data[at:at + size], at + size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def repeated(items, kind):
    """The values of a repeated field, packed or not. `kind`: "varint" (signed), "bytes", or a format of struct."""
    if kind == "bytes":
        return items
    values = []
    for item in items:
        if isinstance(item, int):
            values.append(item)
        elif kind.startswith("<"):
            values += [value for (value,) in struct.iter_unpack(kind, item)]
        else:
            at = 0
            while at < len(item):
                value, at = _read_varint(item, at)
                values.append(value)
    return [value - 2**64 if isinstance(value, int) and value >= 2**63 else value for value in values]
