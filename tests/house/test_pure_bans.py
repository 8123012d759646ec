"""Nothing in src/pure reaches for what the pure dialect does not have [KRN-01] [ENG-01.4]."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))

# A word that may not stand anywhere in pure code: types, objects and spellings one of the targets lacks.
WORDS = """
FILE stdin stdout stderr errno va_list
bool _Bool size_t ssize_t ptrdiff_t intptr_t uintptr_t long float wchar_t _Complex _Atomic _Thread_local
volatile asm __asm__ __int128 extern
""".split()

# A word of OpenCL C or C++ that a variable may not be called. `private` and its like are address spaces in OpenCL.
WORDS += """
half uchar ushort uint ulong kernel global local constant private generic pipe image1d_t image2d_t sampler_t event_t
double2 double3 double4 double8 double16 int2 int3 int4 int8 int16 vec_step
class new delete this template typename namespace operator public protected try catch throw virtual friend mutable
explicit using and or not xor bitand bitor compl and_eq or_eq xor_eq not_eq export constexpr decltype nullptr
""".split()

# A name that may not be called (a field may have it): clocks, memory, files, libm, OpenCL's built-ins.
# `fabs` and `sqrt` are reached through port.h.
CALLS = """
time clock clock_gettime gettimeofday localtime gmtime nanosleep
malloc calloc realloc free alloca strdup
printf fprintf sprintf snprintf vsnprintf puts putchar scanf sscanf fopen fclose fread fwrite
rand srand random drand48 getenv setenv abort exit assert setjmp longjmp pthread_create
memcpy memmove memset memcmp strlen strcmp strncmp strcpy strcat strtod strtol atoi atof qsort bsearch
pow exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh cbrt hypot erf tgamma lgamma
fma fmod remainder floor ceil round trunc rint nearbyint lrint llround ldexp frexp modf scalbn copysign fmin fmax
fabs sqrt isnan isinf isfinite signbit nan
step mix clamp sign select distance
""".split()

# port.h is the one place where targets differ; it may name what the others may not.
FREE = {"src/pure/num/port.h"}


def strip(text):
    """The code without comments and literals, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def rules():
    words = "|".join(map(re.escape, WORDS))
    calls = "|".join(map(re.escape, CALLS))
    return [
        (re.compile(rf"(?<![\w.>])({words})\b"), "{} is not in the pure dialect"),
        (re.compile(rf"(?<![\w.>])({calls})\s*\("), "{}() is an effect, libm or an OpenCL built-in: write our own with a keel_ name"),
        (re.compile(r"\(\s*\*\s*(?:const\s+)?(\w*)\s*(?:\[[^\]]*\]\s*)?\)\s*\("), "function pointer {}"),
        (re.compile(r"^\s*static\s+(?!inline\b)(\w+)", re.M), "static {}: no state outlives a call; tables are KEEL_CONST"),
        (re.compile(r"^\s*(?!typedef|struct|enum|union|return|else|goto|case|KEEL_|#)[A-Za-z_]\w*\s+\**\w+\s*:\s*(\d+)\s*;", re.M),
         "bit-field of {} bits"),
        (re.compile(r"^#\s*(?:if|ifdef|ifndef|elif)\b[^\n]*\b(__CUDA\w*|__OPENCL\w*|__GNUC__|__clang__)"),
         "{}: only num/port.h asks which compiler reads it"),
        (re.compile(r"^KEEL_(?:FN|LOCAL)\s+(?:const\s+)?(?:inline\s+)?\w+(?:\s+|\s*\*+\s*)(?!keel_)(\w+)\s*\(", re.M),
         "function {} without the keel_ prefix"),
        # A definition at file scope that is neither a type, a function nor a constant table is a global.
        (re.compile(r"^(?!typedef|static|struct\s+\w+\s*\{|enum|union|KEEL_|\}|#)(?:u?int\d+_t|double|char|keel_\w+)\s+(\w+)"
                    r"\s*(?:\[[^\]]*\]\s*)*(?:=|;)", re.M), "global {}"),
    ]


RULES = rules()


def problems(root):
    found = []
    for source in sorted((root / "src" / "pure").rglob("*.[ch]")):
        name = source.relative_to(root).as_posix()
        if name in FREE:
            continue
        code = strip(source.read_text())
        code = re.sub(r"^#\s*include[^\n]*", "", code, flags=re.M)
        for rule, sentence in RULES:
            for hit in rule.finditer(code):
                line = code.count("\n", 0, hit.start(1)) + 1
                found.append(f"{name}:{line}: " + sentence.format(hit.group(1)))
    return found


def test_pure_rooms_hold_nothing_banned():
    assert list((ROOT / "src" / "pure").rglob("*.c")), "no pure source was found"
    found = problems(ROOT)
    assert not found, "\n".join(found)


PLANTS = {
    "clock": "KEEL_FN int64_t keel_now(void) { return time(0); }",
    "heap": "KEEL_FN void keel_x(void) { void *p = malloc(3); }",
    "heap2": "KEEL_FN void keel_x(void) { free(p); }",
    "print": 'KEEL_FN void keel_x(void) { printf("x"); }',
    "libm": "KEEL_FN double keel_x(double a) { return exp(a); }",
    "libm2": "KEEL_FN double keel_x(double a) { return fma (a, a, a); }",
    "pointer": "typedef int (*keel_hook)(int);",
    "local static": "KEEL_FN void keel_x(void) {\n    static int32_t n;\n}",
    "file static": "static int32_t count = 0;",
    "global": "int64_t total_usd_e8 = 0;",
    "global array": "double table[3];",
    "bool": "struct keel_s { bool on; };",
    "width": "struct keel_s { long n; };",
    "width2": "KEEL_FN int32_t keel_x(size_t n) { return 0; }",
    "float": "KEEL_FN double keel_x(void) { return (float)1; }",
    "bit-field": "struct keel_s {\n    uint32_t on : 1;\n};",
    "target": "#ifdef __CUDACC__\n#endif",
    "prefix": "KEEL_LOCAL double mean(double a) { return a; }",
    "opencl word": "KEEL_FN void keel_x(void) { int32_t half = 1; }",
    "c++ word": "KEEL_FN void keel_x(int32_t new) { }",
    "string": "KEEL_FN void keel_x(void) { memcpy(a, b, 3); }",
}

CLEAN = """
/* time and malloc() may stand in a comment, and "exp(" in a literal */
typedef struct keel_bar_log { int64_t log_ts_ms; int32_t time_in_force; int64_t time; } keel_bar_log;
KEEL_CONST int32_t keel_table[2] = {1, 2};
KEEL_LOCAL double keel_exp_taylor(double x) { return x * 2.0; }
KEEL_FN int32_t keel_run(const keel_bar_log *bar, int32_t n) {
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) count += bar->time_in_force;
    switch (n) { case 1: goto done; default: break; }
done:
    return count + bar->exit * (int32_t)keel_exp_taylor(keel_sqrt(2.0));
}
"""


def plant(root, text):
    folder = root / "src" / "pure" / "num"
    folder.mkdir(parents=True)
    (folder / "x.c").write_text(text)
    return problems(root)


def test_each_planted_violation_is_caught(tmp_path):
    for name, text in PLANTS.items():
        assert plant(tmp_path / name, text), f"not caught: {name}"


def test_clean_code_is_left_alone(tmp_path):
    assert plant(tmp_path, CLEAN) == []
