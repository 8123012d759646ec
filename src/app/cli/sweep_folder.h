/* app/cli/sweep_folder.h: where sweeps are kept, and finding one of them, or one trial, by id.
 *
 * <sweeps>/<sweep_id>/trials.jsonl and summary.json; <sweeps> is --sweeps, else the home's sweeps/, else ./sweeps. */
#ifndef KEEL_APP_CLI_SWEEP_FOLDER_H
#define KEEL_APP_CLI_SWEEP_FOLDER_H

#include "app/cli/cli.h"
#include "app/cli/sweep_header.h"
#include "research/sweep/rows_file.h"

extern const keel_cli_opt keel_sweep_folder_options[];

/* Folder of all sweeps; path holds KEEL_SWEEP_PATH_MAX. */
KEEL_MUST_USE int keel_sweep_folder(keel_cli *cli, char *ret_path);

/* <folder>/<id>/<file>; KEEL_E_RANGE when it is too long. */
KEEL_MUST_USE int keel_sweep_path(const char *folder, const char *id, const char *file, char *ret_path, keel_err *err);

/* Make folder and folder/id. */
KEEL_MUST_USE int keel_sweep_folder_make(const char *folder, const char *id, keel_err *err);

/* Ids in folder, in order of name; *ret_ids is handed to the caller: keel_list_done. A folder that is not there is
 * empty. */
KEEL_MUST_USE int keel_sweep_ids(const char *folder, keel_list *ret_ids, keel_err *err);

/* The one sweep whose id begins with `prefix`. Returns 0, KEEL_E_NOT_FOUND, KEEL_E_USAGE (several). */
KEEL_MUST_USE int keel_sweep_find(const char *folder, const char *prefix, char ret_id[KEEL_SWEEP_ID_SIZE],
                                  keel_err *err);

/* Open the file of a sweep and read its header. keel_rows_file_close and keel_sweep_header_done in every case. */
KEEL_MUST_USE int keel_sweep_open(const char *path, keel_rows_file *ret_file, keel_sweep_header *ret_header,
                                  keel_err *err);

/* The first row of any sweep whose trial hash begins with `prefix` (at least 8 digits): its header and row.
 * Returns 0, KEEL_E_NOT_FOUND, KEEL_E_USAGE (two different trials), and errors of reading. keel_sweep_header_done and
 * keel_row_done in every case. */
KEEL_MUST_USE int keel_sweep_find_trial(const char *folder, const char *prefix, keel_sweep_header *ret_header,
                                        keel_row *ret_row, keel_err *err);

/* Open the configuration of a row: the sweep's, with the row's parameters. */
KEEL_MUST_USE int keel_sweep_row_config(keel_cli *cli, const keel_sweep_header *header, const keel_row *row,
                                        keel_run_config *ret);

#endif
