/* status: how the deployment stands, and what of it needs somebody. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/heap.h"
#include "app/overview.h"
#include "cli/command.h"
#include "cli/overview_text.h"

#define EVERY_SECONDS      5
#define EVERY_SECONDS_MOST 86400

typedef struct standing {
    kh_common common;
    kh_configuration configuration;
    bool json;
    bool watches;
    int every_seconds;
} standing;

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* A second one ends the program at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

static kh_rc print(const standing *of, const kh_overview *overview, kh_arena *arena)
{
    kh_text line = KH_TEXT("");
    if (!of->json) {
        return kh_overview_print(overview, arena, stdout);
    }
    kh_rc rc = kh_overview_json(overview, arena, &line);
    if (rc == KH_OK && (fwrite(line.data, 1, line.length, stdout) != line.length || putchar('\n') == EOF)) {
        rc = KH_E_LOST;
    }
    return rc;
}

/* \param clears  what is printed takes the place of what was. \return a kh_exit. */
static int show_once(standing *of, bool clears)
{
    kh_overview overview;
    kh_arena arena;
    kh_arena_init(&arena, 65536, kh_heap());
    of->common.problems = (kh_problems){0};
    kh_problems_init(&of->common.problems, &arena);
    kh_rc rc = kh_overview_read(&of->configuration.settings, &arena, &of->common.problems, &overview);
    if (clears && stop_asked == 0) {
        (void)printf("\033[H\033[2J\033[3J"); /* home; clear the screen and what scrolled off it */
    }
    if (rc == KH_OK) {
        rc = print(of, &overview, &arena);
    }
    int status = kh_common_report(&of->common, rc);
    if (status == KH_EXIT_OK && overview.note_count > 0) {
        status = KH_EXIT_FAILED;
    }
    kh_arena_deinit(&arena);
    return status;
}

static int watch(standing *of)
{
    bool clears = !of->json && isatty(STDOUT_FILENO) != 0;
    bool first = true;
    catch_signals();
    while (stop_asked == 0) {
        if (!first && !clears && !of->json) {
            (void)putchar('\n');
        }
        (void)show_once(of, clears);
        if (fflush(stdout) != 0) {
            return KH_EXIT_FAILED; /* nobody reads any more; main says so */
        }
        first = false;
        struct timespec pause = {of->every_seconds, 0};
        if (stop_asked == 0) {
            (void)nanosleep(&pause, NULL); /* a signal ends it */
        }
    }
    return KH_EXIT_OK;
}

static bool take_seconds(standing *of, const char *text)
{
    char *end = NULL;
    long seconds = strtol(text, &end, 10);
    of->every_seconds = (int)seconds;
    return end != text && *end == '\0' && seconds >= 1 && seconds <= EVERY_SECONDS_MOST;
}

static int act(standing *of, int argc, char **argv)
{
    const kh_command *command = of->common.command;
    const char *seconds = argc == 1 && of->watches ? argv[0] : NULL;
    if (argc > 1 || (argc == 1 && seconds == NULL)) {
        return kh_usage(command, "takes no argument, but got \"%s\"", argv[0]);
    }
    if (seconds != NULL && !take_seconds(of, seconds)) {
        return kh_usage(command, "--watch %s: it is a whole number of seconds, from 1 to %d", seconds,
                        EVERY_SECONDS_MOST);
    }
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE | KH_NEEDS_BROKER, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    return of->watches ? watch(of) : show_once(of, false);
}

static bool take_option(void *self, int option, int *status)
{
    standing *of = self;
    if (option == 'w') {
        of->watches = true;
    } else if (option == 'O') {
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
    }
    return option == 'w' || option == 'O';
}

static int run_status(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"watch", no_argument, NULL, 'w'},
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    standing of = {.every_seconds = EVERY_SECONDS};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    if (kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        status = act(&of, argc - optind, argv + optind);
    }
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_status = {
    .name = "status",
    .summary = "how the deployment stands: lanes, lag, backlogs, rules, dead letters, and what needs somebody",
    .help =
        "Usage: kakehashi status [OPTION]...\n\n"
        "Shows each lane: who holds it (\"owner is gone\": the worker that held it has no connection to the "
        "database),\n"
        "its epoch, its clock, the offsets that are not decided yet (LAG; markers of an agency's transactions count),\n"
        "the next result number and up to where results are published. Then what is due or woken and waits to be\n"
        "decided, obligations, rule packs in force and coming, policies, calendars and how far they reach, and dead\n"
        "letters by reason. What needs somebody stands last, a line each, with what to do. Nothing is changed, and\n"
        "the right to read the tables is enough. Without the broker, lag is not known and the rest is shown.\n\n"
        "      --watch [SECONDS]    shows it again every so many seconds (5), until Ctrl-C; on a terminal in place\n"
        "      --output WHAT        table (the default), or json: a line {\"overview\":{...}}\n" KH_COMMON_HELP
        "\nExample:\n"
        "  kakehashi status --watch 10\n\n"
        "Exit codes: 0 nothing needs anybody, or --watch was ended; 1 something does: a lane without a worker, an\n"
        "open dead letter, a rule pack or calendar that is missing or ends in 60 days, lost records, no broker or no\n"
        "database; 2 wrong usage; 3 settings or schema are not as they must be.\n",
    .run = run_status,
};
