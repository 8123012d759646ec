/* edge/data/window.h: how unusual a number is among the 500 before it. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_WINDOW_H
#define KEEL_EDGE_DATA_WINDOW_H

enum { KEEL_WINDOW_SIZE = 500, KEEL_WINDOW_MIN = 100 };

/* Zero it to start. */
typedef struct keel_window {
    int count, oldest;
    double ring[KEEL_WINDOW_SIZE];   /* in order of arrival */
    double sorted[KEEL_WINDOW_SIZE]; /* the same values, ascending */
} keel_window;

/* Take value in; the oldest of 500 leaves. value must not be NaN. */
void keel_window_push(keel_window *w, double value);

/* |value - median| / (1.4826 MAD); 0 while fewer than 100 values are known or MAD is 0. */
double keel_window_score(const keel_window *w, double value);

#endif
