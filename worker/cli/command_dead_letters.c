/* dead-letters: what could not be used, and what is done about it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/dead_letters.h"
#include "app/heap.h"
#include "cli/command.h"
#include "cli/dead_letter_text.h"
#include "cli/table.h"
#include "cli/words.h"

#define AT_ONCE 500

typedef struct letters {
    kh_common common;
    kh_configuration configuration;
    kh_dead_letters *open;
    kh_dead_letter_filter filter;
    bool json;
    bool dry_run;
    const char *by;
    const char *why;
    kh_arena arena; /* of what is being printed, or of the cases below */
    kh_table *table;
    kh_dead_letter_case cases[AT_ONCE]; /* what is to be changed with the next statement: lane and seq only */
    size_t case_count;
    uint64_t matched;
    uint64_t changed;
    time_t said_at;
} letters;

static kh_text by_whom(const letters *of, char buffer[256])
{
    return kh_text_of(of->by != NULL ? of->by : kh_login_name(buffer, 256));
}

/* ---- list ---- */

static kh_rc list_one(void *self, const kh_dead_letter_case *letter)
{
    letters *of = self;
    kh_text line = {NULL, 0};
    kh_arena_reset(&of->arena);
    of->matched++;
    if (of->json) {
        kh_rc rc = kh_dead_letter_text_json(letter, &of->arena, &line);
        return rc == KH_OK && printf("%.*s\n", KH_TEXT_ARGS(line)) < 0 ? KH_E_LOST : rc;
    }
    kh_text cells[] = {
        kh_dead_letter_text_place(&letter->letter, &of->arena),
        kh_words_instant(letter->recorded_at, "-", &of->arena),
        letter->letter.reason,
        kh_text_of(kh_dead_letter_text_state(letter)),
        letter->letter.detail,
    };
    return kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_add(of->table, cells);
}

static kh_rc list(letters *of)
{
    static const kh_table_column columns[] = {
        {"PLACE", false}, {"REFUSED", false}, {"REASON", false}, {"STATE", false}, {"WHERE AND HOW TO MEND IT", false}};
    kh_rc rc = of->json ? KH_OK : kh_table_new(stdout, columns, sizeof columns / sizeof *columns, &of->table);
    if (rc == KH_OK) {
        rc = kh_dead_letters_visit(of->open, &of->filter, list_one, of);
    }
    if (rc == KH_OK && !of->json) {
        rc = kh_table_finish(of->table);
        if (rc == KH_OK && of->matched == 0) {
            (void)printf("no dead letter matches%s\n",
                         of->filter.settled_too ? "" : "; --all lists also what has been redriven or discarded");
        }
    }
    return rc;
}

/* ---- show ---- */

/* Finds the one at a place that the command line names. */
static kh_rc find(letters *of, const char *argument, kh_dead_letter_case *out)
{
    kh_dead_letter_place place;
    bool found = false;
    kh_rc rc = kh_dead_letter_place_parse(kh_text_of(argument), &place)
                   ? kh_dead_letters_one(of->open, &place, &of->arena, out, &found)
                   : KH_OK;
    if (rc == KH_OK && !found) {
        (void)fprintf(stderr, "kakehashi dead-letters: there is no dead letter of %s\n", argument);
        rc = KH_E_REFUSED;
    }
    return rc;
}

static kh_rc show(letters *of, const char *argument)
{
    kh_dead_letter_case letter;
    kh_dead_letter_case *story = NULL;
    kh_dead_letter_view view = {.of = &letter};
    kh_rc rc = find(of, argument, &letter);
    if (rc == KH_OK) {
        rc = kh_dead_letters_judge(of->open, &letter, &of->arena, &view.now, &view.event);
    }
    if (rc == KH_OK) {
        rc = kh_dead_letters_story(of->open, &letter, &of->arena, &story, &view.story_count);
    }
    view.story = story;
    return rc == KH_OK ? kh_dead_letter_text_show(&view, of->json, &of->arena, stdout) : rc;
}

/* ---- redrive and discard ---- */

static kh_rc change_gathered(letters *of)
{
    char buffer[256];
    size_t asked = of->case_count;
    kh_rc rc = KH_OK;
    if (of->case_count == 0 || of->dry_run) {
        of->case_count = 0;
        return rc;
    }
    if (of->why == NULL) {
        rc = kh_dead_letters_redrive(of->open, of->cases, of->case_count, by_whom(of, buffer), &asked);
    } else {
        rc = kh_dead_letters_set_aside(of->open, of->cases, of->case_count, by_whom(of, buffer), kh_text_of(of->why));
    }
    of->changed += rc == KH_OK ? asked : 0;
    of->case_count = 0;
    if (rc == KH_OK && isatty(STDERR_FILENO) && time(NULL) >= of->said_at + 2) {
        of->said_at = time(NULL);
        (void)fprintf(stderr, "%" PRIu64 " so far\n", of->changed);
    }
    return rc;
}

static kh_rc gather(void *self, const kh_dead_letter_case *letter)
{
    letters *of = self;
    of->matched++;
    of->cases[of->case_count++] =
        (kh_dead_letter_case){.letter = {.lane = letter->letter.lane, .seq = letter->letter.seq}};
    if (of->dry_run) {
        kh_refusal now;
        kh_text event;
        kh_arena_reset(&of->arena);
        kh_rc rc = kh_dead_letters_judge(of->open, letter, &of->arena, &now, &event);
        if (rc != KH_OK) {
            return rc;
        }
        (void)printf("%.*s: %s%s%.*s\n", KH_TEXT_ARGS(kh_dead_letter_text_place(&letter->letter, &of->arena)),
                     now.code == KH_REFUSAL_NONE ? "nothing in it is wrong now" : kh_refusal_name((int)now.code),
                     now.code == KH_REFUSAL_NONE ? "" : ": ", KH_TEXT_ARGS(now.detail));
    }
    return of->case_count == AT_ONCE ? change_gathered(of) : KH_OK;
}

static kh_rc change(letters *of, int count, char **places)
{
    kh_rc rc = KH_OK;
    of->said_at = time(NULL);
    of->filter.with_values = of->dry_run;
    for (int i = 0; rc == KH_OK && i < count; i++) {
        kh_dead_letter_case letter;
        rc = find(of, places[i], &letter);
        if (rc == KH_OK) {
            rc = gather(of, &letter);
        }
    }
    if (rc == KH_OK && count == 0) {
        rc = kh_dead_letters_visit(of->open, &of->filter, gather, of);
    }
    if (rc == KH_OK) {
        rc = change_gathered(of);
    }
    if (of->dry_run) {
        (void)printf("%" PRIu64 " would be decided again; nothing has been changed\n", of->matched);
    } else if (of->why != NULL) {
        (void)printf("%" PRIu64 " discarded\n", of->changed);
    } else {
        (void)printf("%" PRIu64
                     " will be decided again by the workers of their lanes; `list --all` says what became of "
                     "them\n",
                     of->changed);
    }
    return rc;
}

/* ---- the command line ---- */

static const struct option OPTIONS[] = {
    {"reason", required_argument, NULL, 'r'},  {"topic", required_argument, NULL, 't'},
    {"since", required_argument, NULL, 'S'},   {"before", required_argument, NULL, 'B'},
    {"all", no_argument, NULL, 'a'},           {"output", required_argument, NULL, 'O'},
    {"dry-run", no_argument, NULL, 'n'},       {"by", required_argument, NULL, 'b'},
    {"because", required_argument, NULL, 'w'}, KH_COMMON_OPTIONS,
};

static bool is_refusal(const char *name)
{
    for (int code = 1; code < KH_REFUSAL_COUNT; code++) {
        if (strcmp(kh_refusal_name(code), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool take_option(void *self, int option, int *status)
{
    letters *of = self;
    switch (option) {
    case 'r':
        of->filter.reason = kh_text_of(optarg);
        if (!is_refusal(optarg)) {
            *status = kh_usage(of->common.command, "--reason %s: there is no such reason, like INVALID_DATE", optarg);
        }
        return true;
    case 't':
        of->filter.topic = kh_text_of(optarg);
        return true;
    case 'S':
        *status = kh_common_instant(&of->common, "--since", &of->filter.since);
        return true;
    case 'B':
        *status = kh_common_instant(&of->common, "--before", &of->filter.before);
        return true;
    case 'a':
        of->filter.settled_too = true;
        return true;
    case 'O':
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
        return true;
    case 'n':
        of->dry_run = true;
        return true;
    case 'b':
        of->by = optarg;
        return true;
    case 'w':
        of->why = optarg;
        return true;
    default:
        return false;
    }
}

static bool is_chosen(const kh_dead_letter_filter *filter)
{
    return filter->reason.length > 0 || filter->topic.length > 0 || filter->since != KH_INSTANT_NONE ||
           filter->before != KH_INSTANT_NONE || filter->settled_too;
}

/* What the words before and behind the options say together. */
static int check_usage(const letters *of, const char *what, int count, char **places)
{
    const kh_command *command = of->common.command;
    bool lists = strcmp(what, "list") == 0;
    bool shows = strcmp(what, "show") == 0;
    bool discards = strcmp(what, "discard") == 0;
    if (!lists && !shows && !discards && strcmp(what, "redrive") != 0) {
        return kh_usage(command, "\"%s\": say what to do: list, show, redrive or discard", what);
    }
    if (lists && count > 0) {
        return kh_usage(command, "list takes no place; choose by --reason, --topic, --since and --before");
    }
    if (shows && count != 1) {
        return kh_usage(command, "show: name one place, as `list` shows it");
    }
    if (!lists && !shows && (count > 0) == is_chosen(&of->filter)) {
        return kh_usage(command, "%s: name places, or choose by --reason, --topic, --since, --before or --all", what);
    }
    if (discards != (of->why != NULL)) {
        return kh_usage(command, "%s", discards ? "discard: say why by --because" : "--because belongs to `discard`");
    }
    if ((lists || shows || discards) && of->dry_run) {
        return kh_usage(command, "--dry-run belongs to `redrive`");
    }
    for (int i = 0; i < count; i++) {
        kh_dead_letter_place place;
        if (!kh_dead_letter_place_parse(kh_text_of(places[i]), &place)) {
            return kh_usage(command, "\"%s\" is no place; it is TOPIC/PARTITION/OFFSET, as `list` shows it", places[i]);
        }
    }
    return KH_EXIT_OK;
}

static int act(letters *of, int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";
    int status = check_usage(of, what, argc - 1, argv + 1);
    if (status == KH_EXIT_OK) {
        status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    }
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = kh_dead_letters_open(&of->configuration.settings, &of->common.problems, &of->open);
    if (rc == KH_OK) {
        rc = strcmp(what, "list") == 0   ? list(of)
             : strcmp(what, "show") == 0 ? show(of, argv[1])
                                         : change(of, argc - 1, argv + 1);
    }
    return kh_common_report(&of->common, rc);
}

static int run_dead_letters(const kh_command *command, int argc, char **argv)
{
    letters *of = calloc(1, sizeof *of);
    int status = KH_EXIT_OK;
    if (of == NULL) {
        return KH_EXIT_FAILED;
    }
    kh_common_init(&of->common, command);
    kh_arena_init(&of->arena, 65536, kh_heap());
    of->filter.since = KH_INSTANT_NONE;
    of->filter.before = KH_INSTANT_NONE;
    if (kh_common_options(&of->common, OPTIONS, argc, argv, take_option, of, &status)) {
        status = act(of, argc - optind, argv + optind);
    }
    kh_dead_letters_close(of->open);
    kh_table_free(of->table);
    kh_arena_deinit(&of->arena);
    kh_common_deinit(&of->common);
    free(of);
    return status;
}

const kh_command kh_command_dead_letters = {
    .name = "dead-letters",
    .summary = "list, look into, decide again or discard records that could not be used",
    .help =
        "Usage: kakehashi dead-letters list [OPTION]...\n"
        "       kakehashi dead-letters show [OPTION]... PLACE\n"
        "       kakehashi dead-letters redrive [OPTION]... [PLACE...]\n"
        "       kakehashi dead-letters discard --because TEXT [OPTION]... [PLACE...]\n\n"
        "PLACE is where the record stands: TOPIC/PARTITION/OFFSET, as `list` prints it. `show` decodes the record as\n"
        "far as it can, points at what is wrong, and says what it would come to today. `redrive` has records decided\n"
        "again, after whatever was wrong has been mended (a rule pack loaded, a limit raised, the database put "
        "right):\n"
        "each by the worker of its lane, once; its results name its first place. One that is refused again says so "
        "and\n"
        "stays. `discard` notes who does not want one decided, and why. Both take places, or choose by the options\n"
        "below among those that are open.\n\n"
        "      --reason CODE    only those refused so, e.g. UNKNOWN_ARRANGEMENT\n"
        "      --topic TOPIC    only those of this source topic\n"
        "      --since INSTANT  only those refused then or later, e.g. 2026-06-01T00:00:00Z\n"
        "      --before INSTANT only those refused earlier\n"
        "      --all            also those that were redriven or discarded\n"
        "      --dry-run        redrive: only say what each would come to; conflicts are not foreseen\n"
        "      --because TEXT   discard: why\n"
        "      --by NAME        who does it, as it will stand in the database; otherwise the login name\n"
        "      --output WHAT    table (the default), or json: one object each\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi dead-letters redrive --reason TOO_LARGE\n\n"
        "Exit codes: 0 well, also if nothing matches; 1 there is no such dead letter, or the database does not "
        "answer;\n"
        "2 wrong usage; 3 settings or schema are not as they must be.\n",
    .run = run_dead_letters,
};
