/* kernel/dialect_words.c: see dialect_words.h. */
#include "kernel/dialect_words.h"

#include <string.h>

#define MEND_HEAP "a strategy keeps no memory between bars: use a local array of fixed size, such as double x[16]"
#define MEND_PRINT "a strategy cannot print: --export-decisions writes what it saw and said at each bar"
#define MEND_FILE "a strategy reads no files and no network: declare what it needs in SIGNALS"
#define MEND_CLOCK "a run must give the same result tomorrow: view->ts_ms is the time of the bar"
#define MEND_RANDOM "a run must give the same result twice: make randomness from view->ts_ms, or do without"
#define MEND_LIBM \
    "the math library gives other bits on other machines: keel_exp, keel_log, keel_sqrt and keel_fabs are exact here"
#define MEND_STRING "a strategy has no texts: numbers say it all"
#define MEND_MEMORY "assign element by element in a loop"
#define MEND_STATE "nothing outlives a call: declare it in SIGNALS, or a table as KEEL_CONST"
#define MEND_WIDTH "widths differ between machines: write int32_t, int64_t or double"
#define MEND_EXIT "a strategy cannot end the program: return, and it says nothing at this bar"
#define MEND_FLOAT "two precisions give two results: write double"
#define MEND_COMPARE "write it out: a < b ? a : b"

#define MEND_READY "DECIDE is asked when every signal has a value: leave it out"

typedef struct word {
    const char *name, *mend;
} word;

/* Functions with an effect, or of the C library. */
static const word CALLS[] = {
    {"malloc", MEND_HEAP},
    {"calloc", MEND_HEAP},
    {"realloc", MEND_HEAP},
    {"free", MEND_HEAP},
    {"alloca", MEND_HEAP},
    {"printf", MEND_PRINT},
    {"fprintf", MEND_PRINT},
    {"puts", MEND_PRINT},
    {"sprintf", MEND_STRING},
    {"snprintf", MEND_STRING},
    {"print", MEND_PRINT},
    {"fopen", MEND_FILE},
    {"open", MEND_FILE},
    {"read", MEND_FILE},
    {"write", MEND_FILE},
    {"fread", MEND_FILE},
    {"fwrite", MEND_FILE},
    {"socket", MEND_FILE},
    {"system", MEND_FILE},
    {"getenv", MEND_FILE},
    {"time", MEND_CLOCK},
    {"clock", MEND_CLOCK},
    {"clock_gettime", MEND_CLOCK},
    {"gettimeofday", MEND_CLOCK},
    {"localtime", MEND_CLOCK},
    {"gmtime", MEND_CLOCK},
    {"sleep", MEND_CLOCK},
    {"rand", MEND_RANDOM},
    {"srand", MEND_RANDOM},
    {"random", MEND_RANDOM},
    {"sin", MEND_LIBM},
    {"cos", MEND_LIBM},
    {"tan", MEND_LIBM},
    {"asin", MEND_LIBM},
    {"acos", MEND_LIBM},
    {"atan", MEND_LIBM},
    {"atan2", MEND_LIBM},
    {"sinh", MEND_LIBM},
    {"cosh", MEND_LIBM},
    {"tanh", MEND_LIBM},
    {"exp", MEND_LIBM},
    {"exp2", MEND_LIBM},
    {"log", MEND_LIBM},
    {"log2", MEND_LIBM},
    {"log10", MEND_LIBM},
    {"pow", MEND_LIBM},
    {"sqrt", MEND_LIBM},
    {"cbrt", MEND_LIBM},
    {"fabs", MEND_LIBM},
    {"abs", MEND_LIBM},
    {"floor", MEND_LIBM},
    {"ceil", MEND_LIBM},
    {"round", MEND_LIBM},
    {"fmod", MEND_LIBM},
    {"fma", MEND_LIBM},
    {"fmin", MEND_COMPARE},
    {"fmax", MEND_COMPARE},
    {"min", MEND_COMPARE},
    {"max", MEND_COMPARE},
    {"memcpy", MEND_MEMORY},
    {"memmove", MEND_MEMORY},
    {"memset", MEND_MEMORY},
    {"memcmp", MEND_MEMORY},
    {"strlen", MEND_STRING},
    {"strcmp", MEND_STRING},
    {"strcpy", MEND_STRING},
    {"strcat", MEND_STRING},
    {"atoi", MEND_STRING},
    {"atof", MEND_STRING},
    {"strtod", MEND_STRING},
    {"exit", MEND_EXIT},
    {"abort", MEND_EXIT},
    {"assert", MEND_EXIT},
    {"longjmp", MEND_EXIT},
    {"setjmp", MEND_EXIT},
    {"raise", MEND_EXIT},
    {"kill", MEND_EXIT},
    {"fork", MEND_EXIT},
    {"int", "write (int32_t) before the value"},
    {"len", "a strategy has no lists: an array has the size that you gave it"},
    {"range", "write for (int32_t i = 0; i < n; i++) { ... }"},
    {"sum", "add in a loop, or make it a signal: SMA of a column times its bars"},
    {"isnan", MEND_READY},
    {"qsort", "it calls a function pointer: write a short loop"},
};

/* Words that may not stand anywhere. */
static const word WORDS[] = {
    {"static", "nothing outlives a call: signals keep history, KEEL_CONST is for tables, KEEL_LOCAL for functions"},
    {"extern", MEND_STATE},
    {"_Thread_local", MEND_STATE},
    {"register", "leave it out"},
    {"auto", "write the type"},
    {"inline", "write KEEL_LOCAL before the function"},
    {"volatile", "no other thread or device is there: leave it out"},
    {"_Atomic", "leave it out"},
    {"asm", "machines differ: write it in C"},
    {"goto", "write it as a loop, or return"},
    {"union", "a number has one type here: use a struct"},
    {"float", MEND_FLOAT},
    {"long", MEND_WIDTH},
    {"short", MEND_WIDTH},
    {"signed", MEND_WIDTH},
    {"char", MEND_WIDTH},
    {"size_t", MEND_WIDTH},
    {"bool", "write int32_t, 0 or 1"},
    {"_Bool", "write int32_t, 0 or 1"},
    {"true", "write 1"},
    {"false", "write 0"},
    {"NULL", "a strategy has no use for pointers to nothing: leave it out"},
    {"FILE", MEND_FILE},
    {"_Complex", MEND_FLOAT},
    {"restrict", "leave it out"},
    {"_Generic", "write the types"},
    {"_Pragma", "the compiler's settings are part of the result: leave it out"},
    {"and", "write &&"},
    {"or", "write ||"},
    {"not", "write ! before it"},
    {"elif", "write else if (...)"},
    {"True", "write 1"},
    {"False", "write 0"},
    {"None", "a number is always there: leave it out"},
    {"nan", MEND_READY},
    {"half", "OpenCL has the word: choose another name"},
    {"kernel", "OpenCL has the word: choose another name"},
    {"global", "OpenCL has the word: choose another name"},
    {"local", "OpenCL has the word: choose another name"},
    {"constant", "OpenCL has the word: choose another name"},
    {"private", "OpenCL has the word: choose another name"},
};

/* What keel offers. */
static const char *const OFFERED[] = {
    "param",
    "value",
    "output",
    "market",
    "buy",
    "sell",
    "leave",
    "keel_sqrt",
    "keel_fabs",
    "keel_exp",
    "keel_log",
    "keel_trend_points",
    "keel_trend_tier",
    "keel_gates_btc_agrees",
    "KEEL_SLOT_BIT",
    "KEEL_SNAPSHOT_HAS",
    "KEEL_STATIC_ASSERT",
    "PLAIN",
    "OF",
    "OUTPUT",
};

enum {
    CALL_COUNT = sizeof CALLS / sizeof *CALLS,
    WORD_COUNT = sizeof WORDS / sizeof *WORDS,
    OFFERED_COUNT = sizeof OFFERED / sizeof *OFFERED
};

static int equal(const char *name, const char *text, size_t size) {
    return strlen(name) == size && memcmp(name, text, size) == 0;
}

static const char *find(const word *words, size_t count, const char *text, size_t size) {
    for (size_t i = 0; i < count; i++)
        if (equal(words[i].name, text, size)) return words[i].mend;
    return NULL;
}

const char *keel_dialect_refused_call(const char *text, size_t size) { return find(CALLS, CALL_COUNT, text, size); }

const char *keel_dialect_refused_word(const char *text, size_t size) { return find(WORDS, WORD_COUNT, text, size); }

int keel_dialect_offers(const char *text, size_t size) {
    for (size_t i = 0; i < OFFERED_COUNT; i++)
        if (equal(OFFERED[i], text, size)) return 1;
    return 0;
}

void keel_dialect_offer_names(keel_nearest *nearest) {
    for (size_t i = 0; i < OFFERED_COUNT; i++)
        keel_nearest_offer(nearest, OFFERED[i]);
}
