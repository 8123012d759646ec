/* research/cluster/script.h: the script of a job array, one task per shard. It can be handed in by hand too. */
#ifndef KEEL_RESEARCH_CLUSTER_SCRIPT_H
#define KEEL_RESEARCH_CLUSTER_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

typedef struct keel_cluster_script {
    const char *name;         /* of the job */
    const char *folder;       /* where the tasks run */
    const char *log;          /* folder of their logs, absolute */
    const char *home;         /* KEEL_HOME, or NULL */
    const char *const *words; /* [count] program and arguments up to where the shard is named */
    size_t count;
    int64_t shards;
    int64_t threads; /* processors of a task */
} keel_cluster_script;

/* Append the script. Words are quoted for a shell, whatever they hold. */
void keel_cluster_script_write(const keel_cluster_script *s, keel_strbuf *out);

#endif
