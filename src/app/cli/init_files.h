/* app/cli/init_files.h: what a fresh home holds; one list for `keel init` and `keel doctor`. */
#ifndef KEEL_APP_CLI_INIT_FILES_H
#define KEEL_APP_CLI_INIT_FILES_H

/* X(name, private, what it is for). Private folders are the user's alone (mode 0700): they hold or tell secrets. */
#define KEEL_HOME_FOLDERS(X)                                      \
    X("strategies", 0, "your own strategies, one C file each")    \
    X("data", 0, "the store: candles and funding")                \
    X("runs", 0, "one folder per run")                            \
    X("sweeps", 0, "one folder per sweep")                        \
    X("registry", 1, "what was tried, and what may trade")        \
    X("journal", 1, "write-ahead logs of paper and live trading") \
    X("logs", 1, "what running systems say")                      \
    X("secrets", 1, "keys, each in a file that the configuration names as file:PATH")

/* Text of a fresh config.yaml and of .gitignore. */
extern const char keel_home_config_text[];
extern const char keel_home_gitignore_text[];

#endif
