"""Prints the compiler flags with which the build made src/pure: what a benchmark program must be compiled with too."""
import json
import shlex
import sys


def flags_of(commands, source):
    for entry in commands:
        if entry["file"].endswith(source):
            return shlex.split(entry["command"])[1:]
    raise SystemExit(f"flags: {source} is not in the compile commands: run script/build")


def relevant(words):
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ", "-MT"):
            skip = True
        elif word.startswith(("-I", "-isystem", "-fdiagnostics")) or word in ("-c", "-MD", "-MMD"):
            continue
        elif word.endswith(".c"):
            continue
        else:
            kept.append(word)
    return kept


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        words = flags_of(json.load(file), "src/pure/all.c")
    print(" ".join([*relevant(words), "-Isrc", "-Isrc/pure"]))
