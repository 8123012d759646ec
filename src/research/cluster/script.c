/* research/cluster/script.c: see script.h. */
#include "research/cluster/script.h"

#include <inttypes.h>
#include <string.h>

/* One word for a shell: between single quotes nothing is special but they themselves. */
static void add_word(keel_strbuf *out, const char *word) {
    keel_strbuf_add_char(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            keel_strbuf_add(out, "'\\''");
        else
            keel_strbuf_add_char(out, *word);
    }
    keel_strbuf_add_char(out, '\'');
}

void keel_cluster_script_write(const keel_cluster_script *s, keel_strbuf *out) {
    keel_strbuf_addf(
        out,
        "#!/bin/bash\n"
        "# Written by keel. Each task of the array runs one shard of the sweep; running one again, or twice\n"
        "# at once, changes nothing. By hand: sbatch --array=0-%" PRId64
        " job.sh\n"
        "#SBATCH --job-name=%s\n"
        "#SBATCH --nodes=1\n"
        "#SBATCH --ntasks=1\n"
        "#SBATCH --cpus-per-task=%" PRId64
        "\n"
        "#SBATCH --requeue\n"
        "#SBATCH --output=/dev/null\n"
        "exec </dev/null >>",
        s->shards - 1, s->name, s->threads);
    add_word(out, s->log);
    keel_strbuf_add(out, "\"/$SLURM_ARRAY_TASK_ID.log\" 2>&1\ncd -- ");
    add_word(out, s->folder);
    keel_strbuf_add(out, " || exit 1\n");
    if (s->home) {
        keel_strbuf_add(out, "export KEEL_HOME=");
        add_word(out, s->home);
        keel_strbuf_add_char(out, '\n');
    }
    keel_strbuf_add(out, "exec");
    for (size_t i = 0; i < s->count; i++) {
        keel_strbuf_add(out, " ");
        add_word(out, s->words[i]);
    }
    keel_strbuf_addf(out, " --shard \"$SLURM_ARRAY_TASK_ID/%" PRId64 "\"\n", s->shards);
}
