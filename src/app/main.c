/* app/main.c: the keel program. */
#include "app/cli/cli.h"

int main(int argc, char **argv) { return keel_cli_main(argc, argv); }
