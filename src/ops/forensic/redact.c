/* ops/forensic/redact.c: see redact.h. */
#include "ops/forensic/redact.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_SIZE = 64, LONG_RUN = 32, LONG_WORD = 12, BEARER_MIN = 6 };

/* The quote that a place in the text stands in; 0: in none. */
typedef struct quoting {
    const char *begin, *seen; /* looked at up to here */
    size_t level;             /* backslashes before it */
    char mark;
} quoting;

typedef struct out {
    char *text;
    size_t size, cap;
    quoting quote;
    int is_said; /* 1: a line of keel's own for people: keel_redact_line */
} out;

static void put(out *o, const char *bytes, size_t size) {
    size_t room = o->cap - 1 - o->size;
    if (size > room) size = room;
    memcpy(o->text + o->size, bytes, size);
    o->size += size;
}

static int is_name(char c) { return isalnum((unsigned char)c) || c == '_' || c == '-'; }
static int is_run(char c) { return is_name(c) || c == '+' || c == '/' || c == '=' || c == '.' || c == '~'; }

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* Anywhere in a name, after small letters and without - and _. */
static const char *const PARTS[] = {
    "secret",     "passw",     "passphrase", "token",         "apikey",     "privatekey",     "accesskey",
    "signingkey", "signature", "cookie",     "authorization", "credential", "accountnumber",  "accountno",
    "accountid",  "iban",      "sessionid",  "mnemonic",      "seedphrase", "recoveryphrase", "clientkey"};
static const char *const WHOLE[] = {"sign", "sig", "key", "pwd", "pin", "otp", "auth", "pass", "account"};

/* What stands behind these is several words, or has a form of its own: all of it to the end of the line. */
static const char *const TO_END[] = {"mnemonic",   "seedphrase",    "recoveryphrase",
                                     "passphrase", "authorization", "cookie"};

/* A name in small letters and without what only separates. */
static void plain_name(const char *name, size_t size, char ret[NAME_MAX_SIZE]) {
    size_t n = 0;
    for (size_t i = 0; i < size && n + 1 < NAME_MAX_SIZE; i++)
        if (isalnum((unsigned char)name[i])) ret[n++] = (char)tolower((unsigned char)name[i]);
    ret[n] = 0;
}

static int has_part(const char *plain, const char *const *parts, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strstr(plain, parts[i])) return 1;
    return 0;
}

int keel_redact_is_secret_name(const char *name, size_t size) {
    char plain[NAME_MAX_SIZE];
    plain_name(name, size, plain);
    if (has_part(plain, PARTS, sizeof PARTS / sizeof *PARTS)) return 1;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
        if (strcmp(plain, WHOLE[i]) == 0) return 1;
    return 0;
}

/* In a line for people `: ` separates what, where and how: `wrong encryption key: FILE: ...` tells no key. What is
 * called a secret outright is one there, too. */
static int separates(const char *text, size_t size, size_t name) {
    char plain[NAME_MAX_SIZE];
    if (name + 1 >= size || text[name] != ':' || text[name + 1] != ' ') return 0;
    plain_name(text, name, plain);
    return !has_part(plain, PARTS, sizeof PARTS / sizeof *PARTS);
}

static int goes_to_end(const char *name, size_t size) {
    char plain[NAME_MAX_SIZE];
    plain_name(name, size, plain);
    return has_part(plain, TO_END, sizeof TO_END / sizeof *TO_END);
}

static int same_word(const char *text, size_t size, const char *word) {
    size_t n = strlen(word);
    if (size != n) return 0;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)text[i]) != word[i]) return 0;
    return 1;
}

static int is_scheme(const char *text, size_t size) {
    return same_word(text, size, "bearer") || same_word(text, size, "basic") || same_word(text, size, "digest");
}

static size_t blanks(const char *text, size_t size) {
    size_t n = 0;
    while (n < size && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n;
}

static size_t redacted(const char *text, size_t size) {
    size_t n = sizeof KEEL_REDACTED - 1;
    return size >= n && memcmp(text, KEEL_REDACTED, n) == 0 ? n : 0;
}

/* A value without quotes ends at a blank or at what separates values. */
static size_t bare(const char *text, size_t size) {
    size_t n = redacted(text, size);
    while (n < size && (unsigned char)text[n] > ' ' && !strchr(",;&\"'}])|", text[n]))
        n++;
    return n;
}

/* A quote, and no apostrophe inside a word. begin: of the text that it stands in. */
static int is_quote(const char *begin, const char *at, const char *end) {
    if (*at == '"') return 1;
    return *at == '\'' &&
           (at == begin || at + 1 == end || !isalnum((unsigned char)at[-1]) || !isalnum((unsigned char)at[1]));
}

/* The bytes up to the quote that ends a value whose own quote had `level` backslashes before it. In JSON a quote behind
 * an odd number of them is part of the value; in JSON that is text of JSON, one behind more of them than the first. */
static size_t quoted(const char *text, size_t size, char quote, size_t level) {
    size_t slashes = 0;
    for (size_t n = 0; n < size; n++) {
        if (text[n] == '\n') return n;
        if (text[n] == quote && is_quote(text, text + n, text + size) &&
            (slashes <= level || (level == 0 && slashes % 2 == 0)))
            return n;
        slashes = text[n] == '\\' ? slashes + 1 : 0;
    }
    return size;
}

/* A list or an object to its end, with all that is in it; text begins with its bracket. What stands in quotes is no
 * bracket. */
static size_t bracketed(const char *text, size_t size) {
    size_t depth = 0, slashes = 0;
    for (size_t n = 0; n < size; n++) {
        depth += text[n] == '[' || text[n] == '{';
        if ((text[n] == ']' || text[n] == '}') && --depth == 0) return n + 1;
        if (is_quote(text, text + n, text + size)) n += 1 + quoted(text + n + 1, size - n - 1, text[n], slashes);
        slashes = n < size && text[n] == '\\' ? slashes + 1 : 0;
    }
    return size;
}

/* Look on to `to`: which quote stands open there? One ends with its line. */
static void look_on(quoting *q, const char *to, const char *end) {
    size_t slashes = 0;
    while (q->seen < to) {
        const char *at = q->seen;
        if (q->mark) {
            at += quoted(at, (size_t)(end - at), q->mark, q->level);
            if (at >= to) {
                if (to[-1] != '\\') q->seen = to;
                return;
            }
            q->mark = 0;
        } else if (is_quote(q->begin, at, end)) {
            q->mark = *at;
            q->level = slashes;
        }
        slashes = *at == '\\' ? slashes + 1 : 0;
        q->seen = at + 1;
    }
}

/* A whole value that was taken out before: what stands in for it may have other neighbours than the value had. */
static size_t taken_out(const char *text, size_t size) {
    size_t n = redacted(text, size);
    return n > 0 && (n == size || strchr("\"'\\\n", text[n])) ? n : 0;
}

/* To the end of the line, or of the quote that the value stands in: others are part of it. */
static size_t line_left(const char *text, size_t size, quoting *q) {
    size_t n = taken_out(text, size);
    if (n > 0) return n;
    look_on(q, text, text + size);
    if (q->mark) return quoted(text, size, q->mark, q->level);
    while (n < size && text[n] != '\n')
        n++;
    return n;
}

/* A value without quotes, and what belongs to it. */
static size_t unquoted(const char *text, size_t size, int to_end, quoting *q) {
    if (size > 0 && (text[0] == '[' || text[0] == '{') && !to_end) return bracketed(text, size);
    if (to_end) return line_left(text, size, q);
    size_t word = bare(text, size);
    if (is_scheme(text, word)) {
        size_t gap = blanks(text + word, size - word);
        word += gap + bare(text + word + gap, size - word - gap);
    }
    return word;
}

/* `= value`, `: "value"`, `: Bearer value`, `: ["a", "b"]`, also `\": \"value\"`, behind a name. Returns the bytes of
 * all, 0: no value is there. *ret_from: where the secret begins. */
static size_t value_behind(const char *text, size_t size, int to_end, quoting *q, size_t *ret_from) {
    size_t at = 0, level = 0;
    while (at < size && (text[at] == '\\' || text[at] == '"' || text[at] == '\''))
        at++;
    at += blanks(text + at, size - at);
    if (at >= size || (text[at] != '=' && text[at] != ':')) return 0;
    at++;
    if (at < size && text[at] == '>') at++;
    at += blanks(text + at, size - at);
    for (; at < size && text[at] == '\\'; at++)
        level++;
    if (at < size && (text[at] == '"' || text[at] == '\'')) {
        *ret_from = at + 1;
        size_t kept = taken_out(text + at + 1, size - at - 1);
        return at + 1 + (kept ? kept : quoted(text + at + 1, size - at - 1, text[at], level));
    }
    *ret_from = at;
    return at + unquoted(text + at, size - at, to_end, q);
}

/* ---- forms ------------------------------------------------------------------------------------------------------ */

static int begins(const char *text, size_t size, const char *with) {
    size_t n = strlen(with);
    return size >= n && memcmp(text, with, n) == 0;
}

static int luhn(const char *digits, size_t size) {
    int sum = 0;
    for (size_t i = 0; i < size; i++) {
        int d = digits[size - 1 - i] - '0';
        if (i & 1) d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return sum % 10 == 0;
}

/* Country, two check digits, and what follows. */
static int is_iban(const char *t, size_t size) {
    if (size < 15 || size > 34 || !isupper((unsigned char)t[0]) || !isupper((unsigned char)t[1])) return 0;
    if (!isdigit((unsigned char)t[2]) || !isdigit((unsigned char)t[3])) return 0;
    size_t digits = 0;
    for (size_t i = 4; i < size; i++) {
        if (!isdigit((unsigned char)t[i]) && !isupper((unsigned char)t[i])) return 0;
        digits += isdigit((unsigned char)t[i]) != 0;
    }
    return digits >= 8;
}

static const char *const BEGINNINGS[] = {"AKIA", "ASIA", "sk-",         "sk_",    "pk_live", "xox",  "ghp_",
                                         "gho_", "ghs_", "github_pat_", "glpat-", "AIza",    "ya29."};

/* Letters, small and large, and digits in one piece with nothing between: names of files are made of several. */
static int has_mixed_piece(const char *t, size_t size) {
    size_t n = 0, digits = 0, lower = 0, upper = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)t[i];
        if (!isalnum(c)) {
            n = digits = lower = upper = 0;
            continue;
        }
        n++;
        digits += isdigit(c) != 0;
        lower += islower(c) != 0;
        upper += isupper(c) != 0;
        if (n >= LONG_WORD && digits > 0 && lower > 0 && upper > 0) return 1;
    }
    return 0;
}

static int looks_secret(const char *t, size_t size, int is_said) {
    size_t digits = 0, lower = 0, upper = 0, hex = 0, dots = 0, slashes = 0, unbroken = 0, longest = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)t[i];
        unbroken = isalnum(c) ? unbroken + 1 : 0;
        if (unbroken > longest) longest = unbroken;
        digits += isdigit(c) != 0;
        lower += islower(c) != 0;
        upper += isupper(c) != 0;
        hex += isxdigit(c) != 0;
        dots += c == '.';
        slashes += c == '/';
    }
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
        if (size >= 12 && begins(t, size, BEGINNINGS[i])) return 1;
    if (begins(t, size, "eyJ") && dots >= 1 && size >= 20) return 1;
    /* no card begins with 1, and times in ms, us and ns do */
    if (digits == size && size >= 13 && size <= 19) return !(is_said && t[0] == '1') && luhn(t, size);
    if (is_iban(t, size)) return 1;
    if (size < LONG_RUN) return 0;
    if (hex == size) return 1;
    /* names of files are words of a few letters, and their paths have several slashes and mostly small letters */
    return digits > 0 && lower > 0 && upper > 0 && longest >= LONG_WORD && (slashes < 3 || upper * 4 > lower) &&
           (!is_said || has_mixed_piece(t, size));
}

/* One word of a key: 32 letters and digits with nothing between (hex with its 0x, base32, base36: no language has such
 * words), or as many hex digits in groups, as a UUID has. */
static int looks_key(const char *t, size_t size) {
    size_t run = 0, longest = 0, hex = 0, dashes = 0;
    for (size_t i = 0; i < size; i++) {
        run = isalnum((unsigned char)t[i]) ? run + 1 : 0;
        if (run > longest) longest = run;
        hex += isxdigit((unsigned char)t[i]) != 0;
        dashes += t[i] == '-';
    }
    return longest >= LONG_RUN || (hex >= LONG_RUN && hex + dashes == size);
}

/* The name and password of `scheme://name:password@place`: bytes before the @, 0: none are there. */
static size_t user_info(const char *text, size_t size) {
    size_t n = 0;
    int colon = 0;
    while (n < size && (unsigned char)text[n] > ' ' && !strchr("/?#\"'", text[n]) && text[n] != '@')
        colon |= text[n++] == ':';
    return n < size && text[n] == '@' && colon ? n : 0;
}

static size_t pem(const char *text, size_t size) {
    static const char BEGIN[] = "-----BEGIN", END[] = "-----END";
    if (!begins(text, size, BEGIN)) return 0;
    for (size_t i = sizeof BEGIN - 1; i < size; i++) {
        if (!begins(text + i, size - i, END)) continue;
        i += sizeof END - 1;
        while (i < size && text[i] != '-' && text[i] != '\n')
            i++;
        while (i < size && text[i] == '-')
            i++;
        return i;
    }
    return size;
}

static int is_word_char(char c) { return islower((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '/'; }

/* `account` alone names a number, which has digits: what is a short word of small letters, as in `two files on one
 * account: a.c and b.c`, is none. value: what stands behind `: ` without quotes. */
static int is_word_of_account(const char *name, size_t name_size, const char *value, size_t size) {
    size_t n = 0, all = bare(value, size);
    if (!same_word(name, name_size, "account") || value[-1] != ' ') return 0;
    while (n < all && is_word_char(value[n]))
        n++;
    return n > 0 && n == all && n < LONG_WORD;
}

/* ---- walking through -------------------------------------------------------------------------------------------- */

/* A name and its value: put the name. Returns the bytes of both, 0: the name is none of a secret, or has no value. */
static size_t named(const char *text, size_t size, size_t name, out *o) {
    size_t from = 0;
    if (name == 0 || !keel_redact_is_secret_name(text, name)) return 0;
    if (o->is_said && separates(text, size, name)) return 0;
    size_t all = value_behind(text + name, size - name, goes_to_end(text, name), &o->quote, &from);
    if (all <= from) return 0;
    if (is_word_of_account(text, name, text + name + from, size - name - from)) return 0;
    put(o, text, name + from);
    put(o, KEEL_REDACTED, sizeof KEEL_REDACTED - 1);
    return name + all;
}

/* A name of two words, as `seed phrase`; 0: there is one word. */
static size_t two_words(const char *text, size_t size, size_t first) {
    size_t n = first + 1;
    if (first == 0 || n >= size || !blanks(text + first, 1)) return 0;
    while (n < size && is_name(text[n]))
        n++;
    return n > first + 1 ? n : 0;
}

/* Small letters alone, as behind `basic` in a sentence. */
static int is_plain_word(const char *text, size_t size) {
    while (size > 0 && islower((unsigned char)text[size - 1]))
        size--;
    return size == 0;
}

/* A word begins at text: put what may be seen of it. Returns the bytes that are done. */
static size_t word(const char *text, size_t size, out *o) {
    size_t name = 0, run = 0;
    while (name < size && is_name(text[name]))
        name++;
    size_t done = named(text, size, name, o);
    if (done == 0 && !looks_secret(text, name, o->is_said) && !looks_key(text, name))
        done = named(text, size, two_words(text, size, name), o);
    if (done > 0) return done;
    if (is_scheme(text, name)) {
        size_t gap = blanks(text + name, size - name), value = bare(text + name + gap, size - name - gap);
        int is_word = o->is_said && is_plain_word(text + name + gap, value);
        if (gap > 0 && value >= BEARER_MIN && !is_word) {
            put(o, text, name + gap);
            put(o, KEEL_REDACTED, sizeof KEEL_REDACTED - 1);
            return name + gap + value;
        }
    }
    while (run < size && is_run(text[run]))
        run++;
    if (looks_secret(text, run, o->is_said)) {
        put(o, KEEL_REDACTED, sizeof KEEL_REDACTED - 1);
        return run;
    }
    if (looks_secret(text, name, o->is_said) || looks_key(text, name)) {
        put(o, KEEL_REDACTED, sizeof KEEL_REDACTED - 1);
        return name;
    }
    done = name ? name : 1;
    put(o, text, done);
    return done;
}

static size_t redact(const char *text, size_t size, int is_said, char *ret, size_t cap) {
    out o = {.text = ret, .cap = cap, .quote = {.begin = text, .seen = text}, .is_said = is_said};
    size_t at = 0;
    while (at < size && o.size + 1 < cap) {
        size_t left = size - at, kept = redacted(text + at, left), key = pem(text + at, left), user = 0;
        if (left > 3 && begins(text + at, left, "://")) user = user_info(text + at + 3, left - 3);
        if (kept > 0) {
            put(&o, text + at, kept);
            at += kept;
        } else if (key > 0 || user > 0) {
            if (user > 0) put(&o, text + at, 3);
            put(&o, KEEL_REDACTED, sizeof KEEL_REDACTED - 1);
            at += key > 0 ? key : 3 + user;
        } else if (is_run(text[at])) {
            at += word(text + at, left, &o);
        } else {
            put(&o, text + at++, 1);
        }
    }
    ret[o.size] = 0;
    return o.size;
}

size_t keel_redact_text(const char *text, size_t size, char *ret, size_t cap) {
    return redact(text, size, 0, ret, cap);
}

size_t keel_redact_line(const char *text, size_t size, char *ret, size_t cap) {
    return redact(text, size, 1, ret, cap);
}
