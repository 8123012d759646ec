/* edge/data/import.h: a file of CSV, or of Freqtrade's JSON, into the store.
 *
 * Two passes. keel_import_scan reads the whole file, checks every row and touches no store: a refused file changes
 * nothing. keel_import_write reads it again and merges batches, each in one transaction together with how far it
 * came, so that a killed import goes on where it stopped and ends with the same rows and the same counts. A file that
 * was imported before (same bytes, same series) is recognised and nothing happens.
 * Memory: one batch and one month of bars, whatever the size of the file. */
#ifndef KEEL_EDGE_DATA_IMPORT_H
#define KEEL_EDGE_DATA_IMPORT_H

#include "base/json.h"
#include "base/units.h"
#include "edge/data/csv.h"
#include "edge/data/shape.h"
#include "edge/data/store.h"
#include "edge/data/store_write.h"

typedef struct keel_import_options {
    const char *venue;       /* NULL: from the file name */
    const char *symbol;      /* NULL: from the file name */
    const char *market;      /* "perp" or "spot"; NULL: from the venue's name, else perp */
    int64_t interval_ms;     /* 0: from the file name, else the smallest distance of two bars */
    const keel_shape *shape; /* of the files' CSV, borrowed; NULL: that of docs/formats/csv.md */
    int64_t now_ms;          /* 0: rows in the future are not refused */
    int lenient;             /* 0: the first bad row refuses the file; 1: bad rows are quarantined and counted */
    double outlier_score;    /* > 0 and lenient: quarantine bars that jump by more robust sigmas of 500 bars; 0: off */
    int64_t batch_rows;      /* rows per transaction; 0: 65536 */
    /* Called now and then; done of total bytes over both passes. A nonzero return stops with KEEL_E_INTERRUPTED;
     * may be NULL. */
    int (*progress)(void *context, int64_t done, int64_t total);
    /* Told of each refused row when lenient; may be NULL. */
    void (*refused)(void *context, const char *line);
    void *context;
} keel_import_options;

typedef struct keel_import {
    /* what the file is */
    int kind;
    char venue[KEEL_SERIES_NAME_MAX], market[8], symbol[KEEL_SERIES_NAME_MAX];
    int64_t interval_ms;
    char file_sha256[65]; /* with options.shape: of the file and the shape, which together are what was imported */
    /* what the rows are */
    int64_t rows_read, rows_accepted, rows_repeated, rows_refused, refused_by[KEEL_ROW_REASON_COUNT];
    int64_t zero_volume, float_residue, first_ts_ms, last_ts_ms;
    int64_t gap_count, missing_bars, largest_gap_bars; /* holes inside the file; 0 for funding */
    /* what the store did */
    keel_merge_counts counts;
    int already;          /* these bytes were imported before: nothing to do */
    int64_t resumed_line; /* > 0: an interrupted import went on after this line */
} keel_import;

/* Pass one. Returns 0, or KEEL_E_NOT_FOUND, KEEL_E_USAGE (venue, symbol or interval neither given nor in the name; bad
 * market), KEEL_E_DATA (unknown header, no rows, a bad row, other cadence; "file:line: what: how to mend it"),
 * KEEL_E_IO, KEEL_E_INTERRUPTED. ret is written in every case, for the counts. */
KEEL_MUST_USE int keel_import_scan(const char *path, const keel_import_options *options, keel_import *ret,
                                   keel_err *err);

/* Pass two, after a successful scan with the same options. Returns 0, KEEL_E_INTERRUPTED (what was committed stays;
 * the same call goes on), KEEL_E_DATA (the file changed in between), or what the store returns. */
KEEL_MUST_USE int keel_import_write(keel_store *s, const char *path, const keel_import_options *options,
                                    keel_import *io, keel_err *err);

/* The members of the report, into an open JSON object. */
void keel_import_report(const keel_import *import, const char *path, keel_json *j);

/* "perp", "spot", or NULL when a venue's name does not tell. */
const char *keel_market_of_venue(const char *venue);

/* The files that a word of the command line means, in order of name: itself, or when it is a folder, all files in it
 * and in its subfolder futures that can be imported, by their names: CSV, and Freqtrade's JSON of a kind keel uses.
 *   ret_files   out  paths, handed to the caller (keel_list_done)
 *   ret_skipped out  how many other files the folder holds
 *   ret_arrow   out  how many of these keel-convert can make into CSV (.feather, .parquet)
 * Returns 0, KEEL_E_NOT_FOUND, KEEL_E_DATA (a folder without such files; the line says what to do), KEEL_E_IO,
 * KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_import_files(const char *path, keel_list *ret_files, int64_t *ret_skipped, int64_t *ret_arrow,
                                    keel_err *err);

/* venue-market_SYMBOL_interval_FIRST-LAST.csv[.zst|.gz] taken apart. Parts that the name does not have stay empty or 0;
 * interval_ms is 0 for "funding". Returns 1 when the name has the form. */
int keel_import_name(const char *path, char ret_venue[KEEL_SERIES_NAME_MAX], char ret_symbol[KEEL_SERIES_NAME_MAX],
                     int64_t *ret_interval_ms);

#endif
