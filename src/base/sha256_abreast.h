/* base/sha256_abreast.h: the rounds of SHA-256 over vectors, included once for each width by sha256_pieces.c, which
 * defines before it:
 *
 *   ABREAST_NAME(x)           the names of this width
 *   ABREAST_TARGET            the instructions it may use
 *   ABREAST_LANES, ABREAST_V  how many, and the vector of so many 32-bit words
 *   ABREAST_ADD, _ROR, _SHR, _XOR3, _CHOOSE, _MAJORITY, _ALL (one word in every lane), _STORE
 *   ABREAST_NAME(load)        the sixteen words of the block at `p` of each piece, word by word */

/* One block: w holds its words and is used up; or padding, [64], the words of all rounds in every lane. */
ABREAST_TARGET static inline void ABREAST_NAME(rounds)(ABREAST_V s[8], ABREAST_V w[16], const uint32_t *padding) {
    ABREAST_V a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (int t = 0; t < 64; t++) {
        ABREAST_V word;
        if (padding) {
            word = ABREAST_ALL(padding[t]);
        } else if (t < 16) {
            word = w[t];
        } else {
            ABREAST_V x = w[(t + 1) & 15], y = w[(t + 14) & 15];
            ABREAST_V small0 = ABREAST_XOR3(ABREAST_ROR(x, 7), ABREAST_ROR(x, 18), ABREAST_SHR(x, 3));
            ABREAST_V small1 = ABREAST_XOR3(ABREAST_ROR(y, 17), ABREAST_ROR(y, 19), ABREAST_SHR(y, 10));
            word = ABREAST_ADD(ABREAST_ADD(w[t & 15], small0), ABREAST_ADD(w[(t + 9) & 15], small1));
            w[t & 15] = word;
        }
        ABREAST_V big1 = ABREAST_XOR3(ABREAST_ROR(e, 6), ABREAST_ROR(e, 11), ABREAST_ROR(e, 25));
        ABREAST_V big0 = ABREAST_XOR3(ABREAST_ROR(a, 2), ABREAST_ROR(a, 13), ABREAST_ROR(a, 22));
        ABREAST_V first = ABREAST_ADD(ABREAST_ADD(h, ABREAST_ADD(word, ABREAST_ALL(ROUND[t]))),
                                      ABREAST_ADD(big1, ABREAST_CHOOSE(e, f, g)));
        h = g, g = f, f = e;
        e = ABREAST_ADD(d, first);
        d = c, c = b, b = a;
        a = ABREAST_ADD(first, ABREAST_ADD(big0, ABREAST_MAJORITY(b, c, d)));
    }
    s[0] = ABREAST_ADD(s[0], a), s[1] = ABREAST_ADD(s[1], b), s[2] = ABREAST_ADD(s[2], c), s[3] = ABREAST_ADD(s[3], d);
    s[4] = ABREAST_ADD(s[4], e), s[5] = ABREAST_ADD(s[5], f), s[6] = ABREAST_ADD(s[6], g), s[7] = ABREAST_ADD(s[7], h);
}

/* Digests of ABREAST_LANES pieces. */
ABREAST_TARGET static void ABREAST_NAME(pieces)(const uint8_t *bytes, const uint32_t *padding,
                                                  uint8_t *ret_digests) {
    ABREAST_V s[8], w[16];
    uint32_t words[8][ABREAST_LANES];
    for (int i = 0; i < 8; i++)
        s[i] = ABREAST_ALL(BEGIN[i]);
    for (size_t at = 0; at < KEEL_SHA256_PIECE; at += BLOCK_BYTES) {
        ABREAST_NAME(load)(bytes + at, w);
        ABREAST_NAME(rounds)(s, w, NULL);
    }
    ABREAST_NAME(rounds)(s, w, padding);
    for (int i = 0; i < 8; i++)
        ABREAST_STORE(words[i], s[i]);
    for (size_t lane = 0; lane < ABREAST_LANES; lane++)
        for (size_t i = 0; i < 8; i++)
            put_word(ret_digests + lane * KEEL_SHA256_SIZE + 4 * i, words[i][lane]);
}
