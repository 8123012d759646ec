"""The include law of ARCHITECTURE.md holds in src/ [ENG-01.4]."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
SOURCES = (".c", ".h", ".def", ".inc", ".cl", ".cu")
# port.h, by its contract, is where the pure rooms meet the compiler's own headers.
PURE_LIBRARY_HEADERS = {"src/pure/num/port.h": {"stdint.h", "string.h"}}


def read_law(page):
    """room -> list of what it may include, from the table under 'Who may include whom'."""
    section = page.split("## Who may include whom", 1)[1].split("\n## ", 1)[0]
    law = {}
    for line in section.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        rooms = re.findall(r"`([^`]+)`", cells[0])
        if line.startswith("|") and len(cells) == 3 and len(rooms) == 1:
            assert rooms[0] not in law, f"two rows for {rooms[0]}"
            law[rooms[0]] = re.findall(r"`([^`]+)`", cells[1])
    return law


def generated(root):
    """Names of headers that the build description writes."""
    return {name for build in (root / "src").rglob("meson.build")
            for name in re.findall(r"output\s*:\s*'([^']+\.h)'", build.read_text())}


def below(path, place):
    if place.endswith("*"):
        return path.startswith(place[:-1])
    return path == place or path.startswith(place + "/")


def room_of(path, law):
    fits = [room for room in law if below(path, room)]
    return max(fits, key=len) if fits else None


def resolve(name, source, root):
    """The file an include in quotes means, looked for as the build does."""
    for base in (source.parent, root / "src", root / "src" / "pure", root / "include"):
        if (base / name).is_file():
            return (base / name).resolve()
    return None


def allowed(target, room, law):
    """target lies in `room` itself, or in a room (or is the file) that `room` may include."""
    target_room = room_of(target, law)
    if target_room == room:
        return True
    for grant in law[room]:
        if grant.endswith("*") and below(target, grant):
            return True
        # A grant of `pure/core` speaks for its sub-rooms too; a grant of a file for that file.
        if below(target, grant):
            return True
    return False


def problems(root, law):
    found = []
    written = generated(root)
    for source in sorted((root / "src").rglob("*")):
        if source.suffix not in SOURCES:
            continue
        path = source.relative_to(root / "src").as_posix()
        room = room_of(path, law)
        if room is None:
            found.append(f"src/{path}: lies in no room of ARCHITECTURE.md")
            continue
        for number, line in enumerate(source.read_text().splitlines(), 1):
            where = f"src/{path}:{number}"
            quoted = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            library = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            if re.match(r"\s*#\s*include\b", line) and not quoted and not library:
                found.append(f"{where}: an include that is not a plain name cannot be checked")
            if library and below(path, "pure") and \
                    library.group(1) not in PURE_LIBRARY_HEADERS.get("src/" + path, ()):
                found.append(f"{where}: <{library.group(1)}> in a pure room")
            if not quoted:
                continue
            target = resolve(quoted.group(1), source, root)
            if target is None and quoted.group(1) in written:
                continue
            if target is None:
                found.append(f"{where}: \"{quoted.group(1)}\" is no file of this project")
            elif (root / "src").resolve() in target.parents:
                into = target.relative_to((root / "src").resolve()).as_posix()
                if not allowed(into, room, law):
                    found.append(f"{where}: {room} may not include {into}")
    return found


def law_here():
    return read_law((ROOT / "ARCHITECTURE.md").read_text())


def test_table_reads_as_a_law():
    law = law_here()
    assert len(law) >= 20
    assert law["pure/num"] == []
    for room, grants in law.items():
        for grant in grants:
            assert grant.endswith(("*", ".h")) or any(below(r, grant) for r in law), f"{room} names unknown {grant}"


def test_absences_of_the_table_are_not_granted():
    law = law_here()
    for room, never in {"pure/core": "pure/market/match.h", "pure/core/ledger": "pure/core/risk/size.h",
                        "pure/market": "pure/core/step.h", "research": "engine/loop.h", "edge/data": "edge/venue/x.h",
                        "engine": "edge/data/store.h", "journal": "pure/core/step.h", "base": "pure/model/bar.h",
                        "stats": "edge/data/store.h", "ops": "engine/loop.h", "api": "edge/venue/x.h",
                        "pure/num": "pure/model/bar.h"}.items():
        assert not allowed(never, room, law), f"{room} -> {never}"
    assert allowed("engine/view.h", "ops", law)
    assert allowed("edge/venue/x.h", "app", law)


def test_every_include_in_src_is_allowed():
    found = problems(ROOT, law_here())
    assert not found, "\n".join(found)


def plant(root, files):
    for name, text in files.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_planted_violations_are_caught(tmp_path):
    plant(tmp_path, {
        "pure/market/match.h": "",
        "pure/num/port.h": "#include <stdint.h>\n",
        "pure/core/step.c": '#include "num/port.h"\n#include "market/match.h"\n',
        "pure/core/risk/size.c": '#include "pure/core/step.c"\n#include <math.h>\n',
        "base/err.h": "",
        "base/err.c": '#include "base/err.h"\n#include <stdio.h>\n#include "nowhere.h"\n',
        "edge/data/store.c": '#include "base/err.h"\n  #  include "../../app/cli/main.h"\n',
        "app/cli/main.h": '#include "edge/data/store.c"\n#include WHAT\n',
        "attic/old.c": "",
    })
    found = "\n".join(problems(tmp_path, law_here()))
    expected = ["src/pure/core/step.c:2:", "src/pure/core/risk/size.c:1:", "src/pure/core/risk/size.c:2: <math.h>",
                'src/base/err.c:3: "nowhere.h"', "src/edge/data/store.c:2: edge/data may not include app/cli/main.h",
                "src/app/cli/main.h:2: an include", "src/attic/old.c: lies in no room"]
    for line in expected:
        assert line in found, f"not caught: {line}\n{found}"
    assert len(found.splitlines()) == len(expected), found
