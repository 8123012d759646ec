/* num/find.c */
#include "num/find.h"

KEEL_FN void keel_find(double *v, int64_t count, int64_t k) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = v[k];
        int64_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (pivot < v[j])
                j--;
            if (i > j) break;
            double swapped = v[i];
            v[i] = v[j];
            v[j] = swapped;
            i++;
            j--;
        }
        if (j < k) low = i;
        if (k < i) high = j;
    }
}
