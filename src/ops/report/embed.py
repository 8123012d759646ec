"""Writes files as C byte arrays: embed.py OUT NAME=FILE[,FILE...] ... ; files of one name are joined in order."""
import sys


def array(name, data):
    lines = [", ".join(str(b) for b in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


out, *parts = sys.argv[1:]
with open(out, "w", encoding="ascii") as f:
    for part in parts:
        name, files = part.split("=", 1)
        data = b"".join(open(path, "rb").read() for path in files.split(","))
        assert b"</s" not in data.lower(), f"{files}: would end the element that holds it"
        f.write(array(name, data))
