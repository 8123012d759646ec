/* app/cli/doctor.h: one examination: each check says one line, the verb counts and prints them. */
#ifndef KEEL_APP_CLI_DOCTOR_H
#define KEEL_APP_CLI_DOCTOR_H

#include "app/cli/cli.h"

typedef enum keel_doctor_status { KEEL_DOCTOR_OK = 0, KEEL_DOCTOR_WARN, KEEL_DOCTOR_FAIL } keel_doctor_status;

typedef struct keel_doctor {
    keel_cli *cli;
    keel_json *report; /* inside its list of checks */
    int64_t count[3];  /* by status */
    char first[200];   /* name and finding of the first FAIL, else of the first WARN */
    keel_doctor_status first_status;
} keel_doctor;

/* One finding. remedy: what to do, a command where there is one; NULL only with KEEL_DOCTOR_OK. */
void keel_doctor_say(keel_doctor *d, keel_doctor_status status, const char *name, const char *remedy,
                     const char *format, ...) KEEL_PRINTF(5, 6);

/* The finding of a library call that failed: its line. */
void keel_doctor_say_error(keel_doctor *d, keel_doctor_status status, const char *name, const keel_err *err);

/* What stands on this machine: program, compiler, folder for compiled strategies, clock, devices. */
void keel_doctor_machine(keel_doctor *d);

/* Devices that sweeps may run on. */
void keel_doctor_devices(keel_doctor *d);

/* What stands in the home or the store: home, configuration, schema, private folders, store, disk. */
void keel_doctor_home(keel_doctor *d);

#endif
