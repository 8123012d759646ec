"""An independent reader of an engine's snapshots, and a writer, from docs/formats/engine_journal.md alone."""
import struct

SIZES = {1: ("i", 4), 2: ("q", 8), 3: ("Q", 8), 4: ("d", 8), 5: ("I", 4), 6: ("B", 1)}


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        assert self.at + size <= len(self.data), "not whole"
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def name(self):
        text = self.take(self.number("B")).decode("ascii")
        assert 1 <= len(text) <= 63 and not any(c.isspace() for c in text)
        return text


class Part:
    def __init__(self, name, fields, rows):
        self.name, self.fields, self.rows = name, fields, rows  # fields: (name, type, count); rows: dicts


def read(data):
    b = Bytes(data)
    assert b.take(8) == b"keelsnap" and b.number("I") == 4
    count, size = b.number("I"), b.number("Q")
    assert size == len(data)
    build, parts = b.name(), {}
    for _ in range(count):
        name, rows, fields = b.name(), b.number("Q"), []
        for _ in range(b.number("I")):
            field = b.name()
            fields.append((field, b.number("B"), b.number("I")))
        form = "<" + "".join(f"{n}{SIZES[kind][0]}" for _, kind, n in fields)
        block = b.take(rows * struct.calcsize(form))
        made = []
        for values in struct.iter_unpack(form, block) if rows else []:
            row, at = {}, 0
            for field, _, n in fields:
                row[field] = values[at] if n == 1 else list(values[at:at + n])
                at += n
            made.append(row)
        assert name not in parts
        parts[name] = Part(name, fields, made)
    assert b.at == len(data)
    return build, parts


def _name(text):
    return struct.pack("<B", len(text)) + text.encode("ascii")


def write(build, parts):
    body = _name(build)
    for p in parts.values():
        body += _name(p.name) + struct.pack("<QI", len(p.rows), len(p.fields))
        for field, kind, n in p.fields:
            body += _name(field) + struct.pack("<BI", kind, n)
        form = "<" + "".join(f"{n}{SIZES[kind][0]}" for _, kind, n in p.fields)
        made = []
        for row in p.rows:
            values = []
            for field, _, n in p.fields:
                values += [row[field]] if n == 1 else row[field]
            made.append(struct.pack(form, *values))
        body += b"".join(made)
    return b"keelsnap" + struct.pack("<IIQ", 4, len(parts), 24 + len(body)) + body
