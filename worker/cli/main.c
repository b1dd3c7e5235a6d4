/* kakehashi: one binary, a table of commands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/failpoint.h"
#include "cli/command.h"

static const kh_command *const commands[] = {
    &kh_command_run,     &kh_command_publish, &kh_command_list,   &kh_command_show,
    &kh_command_explain, &kh_command_history, &kh_command_decide, &kh_command_check_config,
    &kh_command_migrate, &kh_command_rules,   &kh_command_topics, &kh_command_dead_letters,
    &kh_command_status,  &kh_command_replay,  &kh_command_verify, &kh_command_obligations,
};

static void print_help(FILE *to)
{
    (void)fprintf(to, "kakehashi: mutual recognition of IoT security labels, from Kafka to Kafka\n\n"
                      "Usage: kakehashi COMMAND [OPTION]...\n\nCommands:\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        (void)fprintf(to, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
    }
    (void)fprintf(to,
                  "\n`kakehashi COMMAND --help` says more. `kakehashi --version` prints the version.\n\n"
                  "Exit codes: 0 well; 1 what was asked for failed; 2 wrong usage; 3 configuration (settings, rule\n"
                  "files, topics or schema); 4 database or topics went back in time; 5 no progress (watchdog).\n");
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, not a death */
    if (argc < 2) {
        print_help(stderr);
        return KH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return KH_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("kakehashi %s\n", KH_VERSION);
        return KH_EXIT_OK;
    }
#ifdef KH_FAILPOINTS
    if (strcmp(argv[1], "failpoints") == 0) { /* for tests only: in no help */
        kh_failpoint_list(stdout);
        return KH_EXIT_OK;
    }
#endif
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            int status = commands[i]->run(commands[i], argc - 1, argv + 1);
            if (fflush(stdout) != 0) {
                (void)fprintf(stderr, "kakehashi: standard output cannot be written\n");
                status = status == KH_EXIT_OK ? KH_EXIT_FAILED : status;
            }
            return status;
        }
    }
    (void)fprintf(stderr, "kakehashi: there is no command \"%s\"\n\n", argv[1]);
    print_help(stderr);
    return KH_EXIT_USAGE;
}
