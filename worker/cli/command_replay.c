/* replay: the event history decided again beside the live deployment, compared with it, adopted or dropped. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/comparison.h"
#include "app/heap.h"
#include "app/log.h"
#include "app/watchdog.h"
#include "cli/command.h"
#include "cli/replay_text.h"

#define WATCHDOG_SECONDS    300
#define PROGRESS_AFTER_MS   2000
#define PROGRESS_ON_TTY_MS  500
#define PROGRESS_IN_FILE_MS 10000
#define LIMIT               100
#define LIMIT_MOST          100000

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

typedef struct replaying {
    kh_common common;
    kh_configuration configuration;
    kh_replay_wish wish;
    bool json;
    bool yes;
    uint64_t limit;
    const char *by;
    kh_replay *replay;
    kh_arena arena; /* what is found by comparing */
    kh_comparison comparison;
    kh_replay_lines lines;
    int64_t began_ms;
    int64_t told_ms;
    bool line_open; /* a line of progress that is written over */
} replaying;

/* ---- progress ---- */

static bool may_tell(replaying *of)
{
    int64_t now = kh_monotonic_ms();
    int64_t pause = isatty(STDERR_FILENO) != 0 ? PROGRESS_ON_TTY_MS : PROGRESS_IN_FILE_MS;
    if (now - of->began_ms < PROGRESS_AFTER_MS || now - of->told_ms < pause) {
        return false;
    }
    of->told_ms = now;
    of->line_open = isatty(STDERR_FILENO) != 0;
    return true;
}

static void end_line(replaying *of)
{
    if (of->line_open) {
        (void)fprintf(stderr, "\r\033[K");
        of->line_open = false;
    }
}

static const char *line_begin(const replaying *of)
{
    return of->line_open ? "\r" : "";
}

static const char *line_end(const replaying *of)
{
    return of->line_open ? "\033[K" : "\n";
}

static void tell_course(void *self, const kh_replay_course *course)
{
    replaying *of = self;
    int64_t left = kh_pace_seconds_left(&course->pace, course->progress.all);
    if (!may_tell(of)) {
        return;
    }
    if (course->progress.decided >= course->progress.all) {
        (void)fprintf(stderr, "%sall %" PRId64 " records are decided; now what falls due up to the end%s",
                      line_begin(of), course->progress.all, line_end(of));
    } else if (left < 0) {
        (void)fprintf(stderr, "%s%" PRId64 " of %" PRId64 " records decided%s", line_begin(of),
                      course->progress.decided, course->progress.all, line_end(of));
    } else {
        (void)fprintf(stderr,
                      "%s%" PRId64 " of %" PRId64 " records decided, %.0f a second, %" PRId64 " min %02d s left%s",
                      line_begin(of), course->progress.decided, course->progress.all, course->pace.per_second,
                      left / 60, (int)(left % 60), line_end(of));
    }
}

static void tell_compared(void *self, uint64_t subjects)
{
    replaying *of = self;
    if (may_tell(of)) {
        (void)fprintf(stderr, "%s%" PRIu64 " subjects compared%s", line_begin(of), subjects, line_end(of));
    }
}

/* ---- start, resume ---- */

/* What the worker says at `info` of each lane is not for whoever looks at the progress. */
static void configure_log(const replaying *of)
{
    kh_log_level level = of->configuration.settings.log.level;
    kh_log_configure(level == KH_LOG_INFO ? KH_LOG_WARNING : level, of->configuration.settings.log.format);
}

/* Decides until all is done. */
static int decide(replaying *of)
{
    kh_watchdog_start(WATCHDOG_SECONDS, KH_EXIT_STUCK);
    of->began_ms = kh_monotonic_ms();
    int status = kh_exit_of(kh_replay_run(of->replay, tell_course, of, &stop_asked));
    const kh_replay_course *course = kh_replay_course_of(of->replay);
    kh_watchdog_stop();
    end_line(of);
    if (status == KH_EXIT_OK && !course->done) {
        (void)fprintf(stderr, "stopped at %" PRId64 " of %" PRId64 " records; `kakehashi replay resume` goes on\n",
                      course->progress.decided, course->progress.all);
        status = KH_EXIT_FAILED;
    } else if (status == KH_EXIT_FAILED) {
        (void)fprintf(stderr, "kakehashi replay: it could not go on; `kakehashi replay resume` tries again\n");
    }
    return status;
}

static int resume(replaying *of)
{
    kh_rc rc = kh_replay_open(&of->configuration, false, &of->common.problems, &of->replay);
    if (rc != KH_OK) {
        return kh_common_report(&of->common, rc);
    }
    int status = decide(of);
    if (status == KH_EXIT_OK) {
        kh_text schema = kh_replay_settings_of(of->replay)->database.schema;
        (void)printf("all %" PRId64 " records are decided, in schema \"%.*s\"; `kakehashi replay compare` says what "
                     "differs\n",
                     kh_replay_course_of(of->replay)->progress.all, KH_TEXT_ARGS(schema));
    }
    return status;
}

static kh_text by_whom(const replaying *of, char buffer[256])
{
    return kh_text_of(of->by != NULL ? of->by : kh_login_name(buffer, 256));
}

static int start(replaying *of)
{
    char buffer[256];
    of->wish.by = by_whom(of, buffer);
    kh_rc rc = kh_replay_start(&of->configuration, &of->wish, &of->common.problems);
    return rc == KH_OK ? resume(of) : kh_common_report(&of->common, rc);
}

/* ---- compare, adopt ---- */

static kh_rc take_difference(void *self, const kh_discrepancy *difference)
{
    return kh_replay_lines_add(&((replaying *)self)->lines, difference);
}

/* Brings the replay to where the live deployment is, and compares the two there.
 * \param status  what to end with unless it is KH_EXIT_OK. */
static kh_rc bring_together(replaying *of, int *status)
{
    const kh_comparison_visitor visitor = {take_difference, tell_compared, of};
    kh_problems *problems = &of->common.problems;
    kh_rc rc = kh_replay_open(&of->configuration, true, problems, &of->replay);
    if (rc == KH_OK) {
        rc = kh_replay_follow(of->replay);
    }
    *status = rc == KH_OK ? decide(of) : KH_EXIT_OK;
    if (rc != KH_OK || *status != KH_EXIT_OK) {
        return rc;
    }
    of->began_ms = kh_monotonic_ms();
    of->lines = (kh_replay_lines){.arena = &of->arena, .limit = of->limit, .comparison = &of->comparison};
    rc = kh_comparison_make(of->replay, &visitor, problems, &stop_asked, &of->arena, &of->comparison);
    end_line(of);
    if (rc == KH_E_TIMEOUT) {
        (void)fprintf(stderr, "stopped; nothing has been changed, and `kakehashi replay compare` begins anew\n");
    }
    return rc;
}

static int compare(replaying *of)
{
    int status = KH_EXIT_OK;
    kh_rc rc = bring_together(of, &status);
    if (rc == KH_OK && status == KH_EXIT_OK) {
        rc = kh_replay_text_print(&of->lines, of->json, stdout);
        status = kh_comparison_total(&of->comparison) == 0 ? KH_EXIT_OK : KH_EXIT_FAILED;
    }
    return rc == KH_OK ? status : kh_common_report(&of->common, rc);
}

static bool is_agreed(const replaying *of, const char *question)
{
    char answer[16] = "";
    if (of->yes) {
        return true;
    }
    (void)printf("%s [y/N] ", question);
    (void)fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int adopt(replaying *of)
{
    char buffer[256];
    size_t added = 0;
    int status = KH_EXIT_OK;
    kh_rc rc = bring_together(of, &status);
    if (rc != KH_OK || status != KH_EXIT_OK) {
        return rc == KH_OK ? status : kh_common_report(&of->common, rc);
    }
    rc = kh_comparison_may_adopt(of->replay, &of->comparison, &of->common.problems);
    if (rc != KH_OK) {
        (void)kh_common_report(&of->common, rc);
        return KH_EXIT_FAILED;
    }
    rc = kh_replay_text_print(&of->lines, of->json, stdout);
    if (rc == KH_OK && !is_agreed(of, "The workers will decide every label again by these rules, and publish what "
                                      "changes. Put them in force?")) {
        (void)printf("nothing has been changed\n");
        return KH_EXIT_FAILED;
    }
    if (rc == KH_OK) {
        rc = kh_comparison_adopt(of->replay, &of->configuration.settings, by_whom(of, buffer), &of->common.problems,
                                 &added);
    }
    if (rc == KH_OK && added == 0) {
        (void)printf("they are in force already: nothing has changed\n");
    } else if (rc == KH_OK) {
        (void)printf("%zu loaded: the live workers now decide every label again by them, and publish each change once. "
                     "`kakehashi replay compare` says when they are done\n",
                     added);
    }
    return kh_common_report(&of->common, rc);
}

/* ---- drop ---- */

static int drop(replaying *of)
{
    kh_settings settings;
    bool found = false;
    char question[256];
    kh_rc rc = kh_replay_settings(&of->configuration.settings, &of->common.problems, &settings);
    if (rc != KH_OK) {
        return kh_common_report(&of->common, rc);
    }
    (void)snprintf(question, sizeof question, "Remove the replay: schema \"%.*s\" and group \"%.100s\"?",
                   KH_TEXT_ARGS(settings.database.schema), settings.kafka.group.data);
    if (!is_agreed(of, question)) {
        (void)printf("nothing has been changed\n");
        return KH_EXIT_FAILED;
    }
    rc = kh_replay_drop_all(&of->configuration, &of->common.problems, &found);
    if (rc == KH_OK) {
        (void)printf(found ? "schema \"%.*s\" and its consumer group are gone\n" : "there is no schema \"%.*s\"\n",
                     KH_TEXT_ARGS(settings.database.schema));
    }
    return kh_common_report(&of->common, rc);
}

/* ---- the command line ---- */

static const struct option OPTIONS[] = {
    {"rules", required_argument, NULL, 'R'},
    {"policies", required_argument, NULL, 'P'},
    {"calendar", required_argument, NULL, 'C'},
    {"until", required_argument, NULL, 'u'},
    {"by", required_argument, NULL, 'b'},
    {"output", required_argument, NULL, 'O'},
    {"limit", required_argument, NULL, 'l'},
    {"yes", no_argument, NULL, 'y'},
    KH_COMMON_OPTIONS,
};

static int take_limit(replaying *of)
{
    char *end = NULL;
    unsigned long limit = strtoul(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || limit > LIMIT_MOST) {
        return kh_usage(of->common.command, "--limit %s: it is a number, 0 to %d", optarg, LIMIT_MOST);
    }
    of->limit = limit;
    return KH_EXIT_OK;
}

static bool take_option(void *self, int option, int *status)
{
    replaying *of = self;
    switch (option) {
    case 'R':
        of->wish.files[0] = optarg;
        return true;
    case 'P':
        of->wish.files[1] = optarg;
        return true;
    case 'C':
        of->wish.files[2] = optarg;
        return true;
    case 'u':
        if (!kh_instant_parse(kh_text_of(optarg), &of->wish.until)) {
            *status = kh_usage(of->common.command, "--until %s: not an instant like 2027-06-01T00:00:00Z", optarg);
        }
        return true;
    case 'b':
        of->by = optarg;
        *status = optarg[0] == '\0' ? kh_usage(of->common.command, "--by: give a name") : KH_EXIT_OK;
        return true;
    case 'O':
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
        return true;
    case 'l':
        *status = take_limit(of);
        return true;
    case 'y':
        of->yes = true;
        return true;
    default:
        return false;
    }
}

typedef struct action {
    const char *name;
    int (*act)(replaying *of);
    unsigned needs;
} action;

static const action ACTIONS[] = {
    {"start", start, KH_NEEDS_BROKER | KH_NEEDS_DATABASE},     {"resume", resume, KH_NEEDS_BROKER | KH_NEEDS_DATABASE},
    {"compare", compare, KH_NEEDS_BROKER | KH_NEEDS_DATABASE}, {"adopt", adopt, KH_NEEDS_BROKER | KH_NEEDS_DATABASE},
    {"drop", drop, KH_NEEDS_BROKER | KH_NEEDS_DATABASE},
};

static const action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (strcmp(ACTIONS[i].name, name) == 0) {
            return &ACTIONS[i];
        }
    }
    return NULL;
}

/* What the word and the options say together. */
static int check_usage(const replaying *of, const action *what)
{
    const kh_command *command = of->common.command;
    bool begins = what->act == start;
    bool asks = what->act == adopt || what->act == drop;
    bool wishes = of->wish.files[0] != NULL || of->wish.files[1] != NULL || of->wish.files[2] != NULL ||
                  of->wish.until != KH_INSTANT_NONE;
    if (wishes && !begins) {
        return kh_usage(command, "--rules, --policies, --calendar and --until belong to `start`: the replay remembers "
                                 "what it was begun with");
    }
    if (of->by != NULL && !begins && what->act != adopt) {
        return kh_usage(command, "--by belongs to `start` and `adopt`");
    }
    if (of->yes && !asks) {
        return kh_usage(command, "--yes belongs to `adopt` and `drop`, which ask");
    }
    if (asks && !of->yes && isatty(STDIN_FILENO) == 0) {
        return kh_usage(command, "%s asks before it does anything, and nobody can answer: say --yes", what->name);
    }
    if (of->limit != LIMIT && what->act != compare && what->act != adopt) {
        return kh_usage(command, "--limit belongs to `compare` and `adopt`");
    }
    return KH_EXIT_OK;
}

static void catch_signals(void)
{
    struct sigaction caught = {.sa_handler = ask_to_stop};
    (void)sigemptyset(&caught.sa_mask);
    (void)sigaction(SIGTERM, &caught, NULL);
    (void)sigaction(SIGINT, &caught, NULL);
}

static int act(replaying *of, int argc, char **argv)
{
    const action *what = argc == 1 ? find_action(argv[0]) : NULL;
    if (what == NULL) {
        return kh_usage(of->common.command, "say what to do: start, resume, compare, adopt or drop");
    }
    int status = check_usage(of, what);
    if (status == KH_EXIT_OK) {
        status = kh_common_load(&of->common, what->needs, &of->configuration);
    }
    if (status != KH_EXIT_OK) {
        return status;
    }
    configure_log(of);
    if (what->act != drop) {
        catch_signals();
    }
    return what->act(of);
}

static int run_replay(const kh_command *command, int argc, char **argv)
{
    replaying *of = calloc(1, sizeof *of);
    int status = KH_EXIT_OK;
    if (of == NULL) {
        return KH_EXIT_FAILED;
    }
    kh_common_init(&of->common, command);
    kh_arena_init(&of->arena, 65536, kh_heap());
    of->limit = LIMIT;
    of->wish.until = KH_INSTANT_NONE;
    if (kh_common_options(&of->common, OPTIONS, argc, argv, take_option, of, &status)) {
        status = act(of, argc - optind, argv + optind);
    }
    kh_replay_close(of->replay);
    kh_arena_deinit(&of->arena);
    kh_common_deinit(&of->common);
    free(of);
    return status;
}

const kh_command kh_command_replay = {
    .name = "replay",
    .summary = "decide the event history again beside the live deployment, and compare",
    .help =
        "Usage: kakehashi replay start [OPTION]...\n"
        "       kakehashi replay resume [OPTION]...\n"
        "       kakehashi replay compare [OPTION]...\n"
        "       kakehashi replay adopt [OPTION]...\n"
        "       kakehashi replay drop [OPTION]...\n\n"
        "`start` decides all records that the live deployment has decided by now once more, from the source topics,\n"
        "into a schema of its own (`database.schema` with _replay behind it), by the live rules or by the files "
        "given.\n"
        "Nothing is published, and nothing live is touched. `resume` goes on after any interruption; several at once\n"
        "share the lanes. `compare` first brings the replay to where the live deployment is at that moment, so that\n"
        "both have decided the same records, and then says what stands there otherwise than the replay's facts and\n"
        "rules come to at the same instant: whether the facts are alike, counts, and what, why. By the same rules\n"
        "there is nothing: that proves that what was published follows from the events. `adopt`, where the facts are\n"
        "alike, puts the policies or the calendar of the replay in force (`rules load`): it copies nothing, the live\n"
        "workers decide every label again and publish each change once. A rule pack is not adopted so: that needs the\n"
        "consent of both participants to an amendment (Art 9). `drop` removes the replay's schema and group.\n\n"
        "      --rules FILE     start: this rule pack in place of the one with its id, or beside them\n"
        "      --policies FILE  start: these policies in place of the arrangement's\n"
        "      --calendar FILE  start: this calendar in place of the one with its id\n"
        "      --until INSTANT  start: where time is moved to in the end; otherwise where the live clock is\n"
        "      --output WHAT    compare, adopt: table (the default), or json: one object each\n"
        "      --limit NUMBER   compare, adopt: show at most so many differences (100); all are counted\n"
        "      --yes            adopt, drop: do not ask\n"
        "      --by NAME        start, adopt: who does it, as it will stand in the database; otherwise the login "
        "name\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi replay start --policies draft.yaml && kakehashi replay compare --limit 20\n\n"
        "Exit codes: 0 well, and for compare no difference; 1 there are differences, it was stopped, it may not be\n"
        "adopted, or a server does not answer; 2 wrong usage; 3 settings, files, topics or schema are not as they\n"
        "must be, or there is no such replay; 4 a topic went back in time; 5 no progress (watchdog).\n",
    .run = run_replay,
};
