/* run: the worker. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/log.h"
#include "app/reach.h"
#include "app/watchdog.h"
#include "app/worker.h"
#include "cli/command.h"

#define WATCHDOG_SECONDS 300

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

typedef struct running {
    kh_common common;
    kh_configuration configuration;
    kh_worker_settings settings;
    bool migrate;
} running;

static bool parse_seconds(const char *text, uint32_t *milliseconds)
{
    char *end = NULL;
    unsigned long seconds = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || seconds == 0 || seconds > 86400) {
        return false;
    }
    *milliseconds = (uint32_t)seconds * 1000;
    return true;
}

static bool take_option(void *self, int option, int *status)
{
    running *of = self;
    switch (option) {
    case 'i':
        of->settings.until_idle = true;
        return true;
    case 'u':
        if (!kh_instant_parse(kh_text_of(optarg), &of->settings.until)) {
            *status = kh_usage(of->common.command, "--until %s: not an instant like 2027-06-01T00:00:00Z", optarg);
        }
        return true;
    case 'k': {
        static char clock[64];
        (void)snprintf(clock, sizeof clock, "clock=%s", optarg);
        optarg = clock;
        (void)kh_common_option(&of->common, 's', status);
        return true;
    }
    case 'g':
        if (!parse_seconds(optarg, &of->settings.give_up_ms)) {
            *status = kh_usage(of->common.command, "--give-up-after %s: it is a number of seconds, 1 to 86400", optarg);
        }
        return true;
    case 'm':
        of->migrate = true;
        return true;
    case 'r':
        of->settings.accept_rewind = true;
        return true;
    default:
        return false;
    }
}

static int parse_options(running *of, int argc, char **argv, bool *ends)
{
    static const struct option options[] = {
        {"until-idle", no_argument, NULL, 'i'},
        {"until", required_argument, NULL, 'u'},
        {"clock", required_argument, NULL, 'k'},
        {"give-up-after", required_argument, NULL, 'g'},
        {"migrate", no_argument, NULL, 'm'},
        {"accept-database-rewind", no_argument, NULL, 'r'},
        KH_COMMON_OPTIONS,
    };
    int status = KH_EXIT_OK;
    *ends = true;
    if (!kh_common_options(&of->common, options, argc, argv, take_option, of, &status)) {
        return status;
    }
    if (optind < argc) {
        return kh_usage(of->common.command, "\"%s\" is too much: it takes options only", argv[optind]);
    }
    *ends = false;
    return KH_EXIT_OK;
}

static int check_options(const running *of)
{
    if (of->settings.until != KH_INSTANT_NONE && of->configuration.settings.clock != KH_CLOCK_RECORDS) {
        return kh_usage(of->common.command, "--until goes with --clock records: the wall clock goes where it goes");
    }
    return KH_EXIT_OK;
}

/* A database that is not there yet is waited for, as the worker itself would. */
static int migrate(running *of)
{
    int before = 0;
    int after = 0;
    kh_rc rc = KH_E_LOST;
    uint32_t waited_ms = 0;
    while (stop_asked == 0) {
        kh_problems problems;
        kh_problems_init(&problems, &of->common.arena);
        rc = kh_reach_migrate(&of->configuration.settings, NULL, &problems, &before, &after);
        bool gives_up = of->settings.until_idle && waited_ms >= of->settings.give_up_ms;
        if (rc != KH_E_LOST || gives_up) {
            of->common.problems = problems;
            break;
        }
        if (waited_ms == 0) {
            kh_log(KH_LOG_WARNING, "waiting", "for the database: %.*s", KH_TEXT_ARGS(problems.first->text));
        }
        (void)usleep(500000);
        waited_ms += 500;
    }
    if (rc == KH_OK && after != before) {
        kh_log(KH_LOG_INFO, "migrate", "schema version %d, was %d", after, before);
    }
    return kh_common_report(&of->common, rc);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

/* What one thread frees another can use: librdkafka's threads and ours pass memory on all the time. */
static void keep_memory_together(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

static int run_run(const kh_command *command, int argc, char **argv)
{
    static running of;
    bool ends = false;
    of = (running){.settings = {.until = KH_INSTANT_NONE, .give_up_ms = 60000}};
    kh_common_init(&of.common, command);
    int status = parse_options(&of, argc, argv, &ends);
    if (!ends) {
        status = kh_common_load(&of.common, KH_NEEDS_BROKER | KH_NEEDS_DATABASE, &of.configuration);
        ends = status != KH_EXIT_OK;
    }
    if (!ends) {
        status = check_options(&of);
        ends = status != KH_EXIT_OK;
    }
    if (!ends) {
        kh_log_configure(of.configuration.settings.log.level, of.configuration.settings.log.format);
        catch_signals();
        if (of.migrate) {
            status = migrate(&of);
            ends = status != KH_EXIT_OK;
        }
    }
    if (!ends) {
        of.settings.configuration = &of.configuration;
        keep_memory_together();
        kh_watchdog_start(WATCHDOG_SECONDS, KH_EXIT_STUCK);
        status = kh_exit_of(kh_worker_run(&of.settings, &stop_asked));
    }
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_run = {
    .name = "run",
    .summary = "the worker: consume, decide, store, publish",
    .help =
        "Usage: kakehashi run [OPTION]...\n\n"
        "Joins the consumer group and works until SIGTERM or SIGINT, which lets it finish and publish the batch in\n"
        "hand and leave the group. Start as many as there are lanes (partitions); kill any of them at any time.\n\n"
        "      --until-idle             end when everything is read, decided and published\n"
        "      --give-up-after SECONDS  with --until-idle: end with 1 when nothing went forward for so long (60)\n"
        "      --clock wall|records     what moves time, instead of the settings: records is for samples, tests\n"
        "                               and replays\n"
        "      --until INSTANT          with --clock records: when all is read, move time on to there\n"
        "      --migrate                create or upgrade the schema first\n"
        "      --accept-database-rewind the database was restored from an older copy: decide again from where it\n"
        "                               stands; results that are published again carry the same kh-id\n" KH_COMMON_HELP
        "\nExample:\n"
        "  kakehashi run --config /etc/kakehashi/kakehashi.yaml\n\n"
        "Exit codes: 0 well; 1 given up, or failed; 2 wrong usage; 3 configuration (settings, rule files, topics or\n"
        "schema; or a rule pack is missing that both participants consented to); 4 database or topic went back in\n"
        "time; 5 no progress (watchdog).\n",
    .run = run_run,
};
