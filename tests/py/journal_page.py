"""A second reader of the journal, written from docs/formats/journal.md and from nothing else."""
import hashlib
import re
import struct
from pathlib import Path

CHECKPOINT, SEAL, SHUTDOWN, BLOCK, SNAPSHOT = range(0xff01, 0xff06)
FIRST = 1


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    return table


TABLE = crc_table()


def crc32c(data, crc=0):
    crc ^= 0xffffffff
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xffffffff


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u64(n):
    return struct.pack("<Q", n)


def link(version, chain, begin, data, to):
    if version == 1:
        return sha(chain, u64(begin), data, u64(to))
    pieces = (sha(data[at:at + 1024]) for at in range(0, len(data), 1024))
    return sha(b"keel journal link 2".ljust(32, b"\0"), chain, u64(begin), *pieces, u64(to))


class Bad(Exception):
    def __init__(self, segment, offset, why):
        super().__init__(f"segment {segment}, byte {offset}: {why}")
        self.segment, self.offset, self.why = segment, offset, why


class Header:
    def __init__(self, data, number):
        if len(data) < 4096 or data[:8] != b"KEELWAL\n":
            raise Bad(number, 0, "no header")
        if struct.unpack_from("<I", data, 4092)[0] != crc32c(data[:4092]):
            raise Bad(number, 0, "header checksum")
        self.version, size = struct.unpack_from("<II", data, 8)
        if self.version not in (1, 2) or size != 4096 or any(data[216:4092]):
            raise Bad(number, 0, "version or reserved bytes")
        self.id, self.name = data[16:32], data[32:64].rstrip(b"\0").decode()
        self.segment, self.first_seq, self.created_ms, self.flags, self.previous, self.state = \
            struct.unpack_from("<QQqQQQ", data, 64)
        self.chain, self.public_key, self.config_id = data[112:144], data[144:176], data[176:208]
        self.key_check = data[208:216]
        if self.segment != number:
            raise Bad(number, 0, "number of another segment")


class Segment:
    """Reads one segment; after read(): records [(type, seq, ts_ms, payload)], end, chain."""

    def __init__(self, data, number, decrypt=None, check_signature=None):
        self.head = Header(data, number)
        self.data, self.number = data, number
        self.decrypt, self.check_signature = decrypt, check_signature
        self.records, self.starts, self.snapshots, self.checkpoints = [], [], [], 0
        self.seq, self.ended, self.shut_down, self.sealed = self.head.first_seq - 1, 0, False, False
        self.chain, self.begin = self.head.chain, 0

    def link(self, to):
        self.chain = link(self.head.version, self.chain, self.begin, self.data[self.begin:to], to)
        self.begin = to

    def one(self, data, at):
        """(length, type, flags, seq, ts_ms, payload) of the record at `at`, checked by itself."""
        size, kind, flags, seq, ts_ms = struct.unpack_from("<IHHQq", data, at)
        end = at + 24 + size
        if kind == 0 or flags & ~FIRST or end + 4 > len(data):
            raise Bad(self.number, at, "no record")
        if struct.unpack_from("<I", data, end)[0] != crc32c(self.head.id + u64(self.number) + data[at:end]):
            raise Bad(self.number, at, "checksum")
        return 28 + size, kind, flags, seq, ts_ms, data[at + 24:end]

    def take(self, kind, seq, ts_ms, payload, at):
        if seq != self.seq + 1:
            raise Bad(self.number, at, "sequence")
        self.seq = seq
        self.records.append((kind, seq, ts_ms, payload))

    def block(self, head, payload, at):
        plain = self.decrypt(payload[:12], payload[12:], head + self.head.id + u64(self.number))
        inner = 0
        while inner < len(plain):
            size, kind, _, seq, ts_ms, body = self.one(plain, inner)
            self.take(kind, seq, ts_ms, body, at)
            inner += size

    def own(self, kind, seq, payload, at):
        if kind == CHECKPOINT:
            begin, to = struct.unpack_from("<QQ", payload)
            expected = self.begin
            self.link(at)
            if (begin, to, any(payload[16:32])) != (expected, at, False) or payload[32:64] != self.chain:
                raise Bad(self.number, expected, "chain")
            if self.head.flags & 2 and self.check_signature:
                text = (b"keel journal checkpoint 1".ljust(32, b"\0") + self.head.id + u64(self.number) + u64(begin)
                        + u64(to) + u64(seq) + bytes(16) + self.chain)
                if not self.check_signature(self.head.public_key, payload[64:128], text):
                    raise Bad(self.number, at, "signature")
            self.checkpoints += 1
        elif kind in (SEAL, SHUTDOWN):
            self.shut_down, self.sealed = kind == SHUTDOWN, kind == SEAL
        elif kind == SNAPSHOT:
            self.snapshots.append((seq, *struct.unpack_from("<QQ", payload), payload[16:48]))
        else:
            raise Bad(self.number, at, "unknown type")

    def read(self):
        at = 4096
        while any(self.data[at:at + 24]):
            if at + 28 > len(self.data):
                raise Bad(self.number, at, "cut short")
            size, kind, flags, seq, ts_ms, payload = self.one(self.data, at)
            self.starts.append(at)
            if kind == BLOCK:
                self.block(self.data[at:at + 24], payload, at)
                if seq != self.seq:
                    raise Bad(self.number, at, "sequence of a block")
            elif kind < 0xff00:
                self.take(kind, seq, ts_ms, payload, at)
            else:
                if seq != self.seq:
                    raise Bad(self.number, at, "sequence")
                self.own(kind, seq, payload, at)
            at += size
        if any(self.data[at:]):
            raise Bad(self.number, at, "bytes behind the end")
        self.end = at
        self.link(at)
        return self


def engine_input(payload):
    """The head of an INPUT, by docs/formats/engine_journal.md."""
    version, kind, flags, number, ts_ms, bar_open_ms, control, pieces, fundings = struct.unpack_from("<HHIQqqiII", payload)
    assert version in (1, 2)
    recv_ns, source_seq, source = struct.unpack_from("<qQI", payload, 44) if version == 2 else (0, 0, None)
    assert len(payload) == (64 if version == 2 else 44) + 64 * pieces + 24 * fundings
    return {"kind": kind, "flags": flags, "number": number, "ts_ms": ts_ms, "bar_open_ms": bar_open_ms, "control": control,
            "recv_ns": recv_ns, "source_seq": source_seq, "source": source}


def segments_of(folder, name="main"):
    found = {}
    for path in Path(folder).iterdir():
        match = re.fullmatch(rf"wal-{name}-(\d{{8,}})\.klw", path.name)
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def read(folder, name="main", decrypt=None, check_signature=None):
    """All segments, joined; raises Bad at the first place that is not right."""
    before, done = None, []
    for number, path in segments_of(folder, name).items():
        segment = Segment(path.read_bytes(), number, decrypt, check_signature).read()
        if before:
            if number != before.number + 1 or segment.head.id != before.head.id:
                raise Bad(number, 0, "does not follow")
            is_cut = before.end == len(before.data) or before.sealed
            if segment.head.first_seq != before.seq + 1 or segment.head.previous != before.end or not is_cut:
                raise Bad(before.number, before.end, "records are missing")
            if segment.head.chain != before.chain:
                raise Bad(before.number, before.begin, "chain of the next segment")
        done.append(segment)
        before = segment
    return done


def as_version_1(folder, name="main"):
    """Rewrites a journal without signatures as one of version 1: the same records under that version's chain."""
    chain = bytes(32)
    for number, path in segments_of(folder, name).items():
        segment = Segment(path.read_bytes(), number).read()
        data, begin = bytearray(segment.data), 0
        struct.pack_into("<I", data, 8, 1)
        data[112:144] = chain
        struct.pack_into("<I", data, 4092, crc32c(bytes(data[:4092])))
        for at in segment.starts:
            size, kind, _, _, _, _ = segment.one(segment.data, at)
            if kind == CHECKPOINT:
                chain = link(1, chain, begin, bytes(data[begin:at]), at)
                begin = at
                data[at + 24 + 32:at + 24 + 64] = chain
                struct.pack_into("<I", data, at + size - 4, crc32c(segment.head.id + u64(number) + bytes(data[at:at + size - 4])))
        chain = link(1, chain, begin, bytes(data[begin:segment.end]), segment.end)
        path.write_bytes(data)


def snapshot(path):
    data = Path(path).read_bytes()
    assert data[:8] == b"KEELSNP\n" and struct.unpack_from("<I", data, 252)[0] == crc32c(data[:252])
    assert struct.unpack_from("<II", data, 8) == (1, 256) and not any(data[172:252])
    seq, ts_ms, state, flags, size = struct.unpack_from("<QqQQQ", data, 64)
    assert size == len(data) - 256 and sha(data[256:]) == data[140:172]
    return {"seq": seq, "ts_ms": ts_ms, "state": state, "flags": flags, "bytes": data[256:], "id": data[16:32],
            "key_check": data[104:112], "nonce": data[112:124], "tag": data[124:140], "also": data[:112],
            "digest": data[140:172]}
