/* obligations: who owes what to whom, and by when: an agency's case list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/catalog_view.h"
#include "app/heap.h"
#include "cli/calendar_text.h"
#include "cli/command.h"
#include "cli/obligation_text.h"
#include "cli/table.h"
#include "cli/words.h"

typedef enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_ICS } output;

typedef struct cases {
    kh_common common;
    kh_configuration configuration;
    kh_catalog_view *view;
    kh_obligation_filter filter;
    kh_instant at;
    kh_language language;
    output output;
    kh_arena arena; /* of the case that is being printed */
    kh_table *table;
    uint64_t count;
    uint64_t undated; /* left out of a calendar */
} cases;

static kh_rc print(const cases *of, kh_text text)
{
    if (kh_arena_failed(&of->arena)) {
        return KH_E_MEMORY;
    }
    return fwrite(text.data, 1, text.length, stdout) == text.length ? KH_OK : KH_E_LOST;
}

static kh_rc print_json(cases *of, const kh_obligation_case *one)
{
    kh_text line = KH_TEXT("");
    kh_rc rc = kh_obligation_case_json(one, &of->arena, &line);
    return rc == KH_OK && printf("%.*s\n", KH_TEXT_ARGS(line)) < 0 ? KH_E_LOST : rc;
}

static kh_rc add_row(cases *of, const kh_obligation_case *one)
{
    const kh_obligation *obligation = one->result.obligation;
    bool waits = one->dated && one->state != KH_OBLIGATION_DISCHARGED;
    kh_text cells[] = {
        kh_obligation_due(of->language, obligation, &of->arena),
        waits ? kh_arena_number(&of->arena, one->days_left) : KH_TEXT("-"),
        kh_obligation_state_word(of->language, one),
        kh_obligation_kind_word(of->language, obligation->kind),
        kh_obligation_obliged(of->language, obligation, &of->arena),
        obligation->towards.length == 0 ? KH_TEXT("-") : obligation->towards,
        obligation->subject,
        one->details == NULL ? KH_TEXT("-") : one->details->product,
        kh_words_day(obligation->arose_on, "-", &of->arena),
    };
    return kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_add(of->table, cells);
}

static kh_rc visit(void *self, const kh_obligation_case *one)
{
    cases *of = self;
    kh_arena_reset(&of->arena);
    if (of->output == OUTPUT_ICS && !one->dated) {
        of->undated++;
        return KH_OK;
    }
    of->count++;
    switch (of->output) {
    case OUTPUT_JSON:
        return print_json(of, one);
    case OUTPUT_ICS:
        return print(of, kh_calendar_event(of->language, one, &of->arena));
    case OUTPUT_TABLE:
        break;
    }
    return add_row(of, one);
}

static kh_rc begin(cases *of, kh_table_column columns[9])
{
    if (of->output == OUTPUT_ICS) {
        return print(of, kh_calendar_begin(of->language, of->filter.participant, &of->arena));
    }
    for (int i = 0; i < 9; i++) {
        kh_message_key key = (kh_message_key)((int)KH_M_COLUMN_DUE + i);
        columns[i] = (kh_table_column){kh_message(of->language, key), key == KH_M_COLUMN_LEFT};
    }
    return of->output == OUTPUT_TABLE ? kh_table_new(stdout, columns, 9, &of->table) : KH_OK;
}

static kh_rc end(cases *of)
{
    if (of->undated > 0) {
        (void)fprintf(stderr,
                      "kakehashi obligations: %" PRIu64 " without a due date have no place in a calendar; the table "
                      "lists them\n",
                      of->undated);
    }
    if (of->output == OUTPUT_ICS) {
        return print(of, kh_calendar_end());
    }
    kh_rc rc = of->output == OUTPUT_TABLE ? kh_table_finish(of->table) : KH_OK;
    if (rc == KH_OK && of->output == OUTPUT_TABLE && of->count == 0) {
        (void)printf("%s\n", kh_message(of->language, KH_M_CASES_NONE));
    }
    return rc;
}

static kh_rc check_participant(cases *of)
{
    kh_text id = of->filter.participant;
    if (id.length == 0 || kh_rule_book_participant(kh_catalog_view_book(of->view), id) != NULL) {
        return KH_OK;
    }
    (void)fprintf(stderr,
                  "kakehashi obligations: --participant %.*s: takes part in no arrangement that is served here\n",
                  KH_TEXT_ARGS(id));
    return KH_E_REFUSED;
}

static int list(cases *of)
{
    kh_table_column columns[9];
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = kh_catalog_view_new(&of->configuration.settings, &of->common.problems, &of->view);
    if (rc == KH_OK) {
        rc = check_participant(of);
    }
    if (rc == KH_OK) {
        rc = begin(of, columns);
    }
    if (rc == KH_OK) {
        rc = kh_catalog_view_obligations(of->view, &of->filter, of->at, visit, of);
    }
    if (rc == KH_OK) {
        rc = end(of);
    }
    return kh_common_report(&of->common, rc);
}

static bool parse_output(const char *text, output *out)
{
    static const char *const names[] = {[OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_ICS] = "ics"};
    for (int i = OUTPUT_TABLE; i <= OUTPUT_ICS; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (output)i;
            return true;
        }
    }
    return false;
}

static bool take_option(void *self, int option, int *status)
{
    cases *of = self;
    const kh_command *command = of->common.command;
    switch (option) {
    case 'P':
        of->filter.participant = kh_text_of(optarg);
        return true;
    case 'w':
        of->filter.due_within = true;
        if (!kh_obligation_days_parse(optarg, &of->filter.days)) {
            *status = kh_usage(command, "--due-within %s: not a number of days like 30d", optarg);
        }
        return true;
    case 'o':
        of->filter.overdue = true;
        return true;
    case 'u':
        of->filter.outstanding = true;
        return true;
    case 'a':
        *status = kh_common_instant(&of->common, "--at", &of->at);
        return true;
    case 'l':
        *status = kh_common_language(&of->common, &of->language);
        return true;
    case 'O':
        if (!parse_output(optarg, &of->output)) {
            *status = kh_usage(command, "--output %s: it is `table`, `json` or `ics`", optarg);
        }
        return true;
    default:
        return false;
    }
}

static int run_obligations(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"participant", required_argument, NULL, 'P'}, {"due-within", required_argument, NULL, 'w'},
        {"overdue", no_argument, NULL, 'o'},           {"outstanding", no_argument, NULL, 'u'},
        {"at", required_argument, NULL, 'a'},          {"language", required_argument, NULL, 'l'},
        {"output", required_argument, NULL, 'O'},      KH_COMMON_OPTIONS,
    };
    cases of = {.at = (kh_instant)time(NULL) * 1000, .language = kh_language_of_environment()};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 16384, kh_heap());
    if (kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        status = optind < argc
                     ? kh_usage(command, "takes no argument, but got \"%s\"; --help lists the options that choose",
                                argv[optind])
                     : list(&of);
    }
    kh_catalog_view_free(of.view);
    kh_table_free(of.table);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_obligations = {
    .name = "obligations",
    .summary = "list who owes what to whom, and by when: a case list, or a calendar",
    .help =
        "Usage: kakehashi obligations [OPTION]...\n\n"
        "Lists the obligations that stand: notices of revocation (Art 3.6), consultations about disputes (Art 3.5),\n"
        "yearly consultations (Art 4.2); who owes it to whom, about which label, the last day in time, days left, and\n"
        "whether it is open, overdue or discharged. By due date; those without one come last. Days are those where it\n"
        "is owed. Options that choose may be combined.\n\n"
        "      --participant ID   only what this one owes, e.g. SG\n"
        "      --outstanding      without those that are discharged\n"
        "      --overdue          only those whose last day is over\n"
        "      --due-within DAYS  only outstanding ones due within so many days, e.g. 30d, and overdue ones\n"
        "      --at INSTANT       count days, and what is overdue, from this instant instead of now; what stands is "
        "what\n"
        "                         stands now\n"
        "      --language LANG    en or ja; otherwise as the environment says (LC_ALL, LC_MESSAGES, LANG)\n"
        "      --output WHAT      table (the default); json: a line {\"obligation\":{...},...} each, as in its topic;\n"
        "                         or ics: a calendar with an all-day event on each due date. An event keeps its UID, "
        "so\n"
        "                         that importing the file again moves it; those without a date are left "
        "out\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi obligations --participant SG --due-within 30d\n\n"
        "Exit codes: 0 well, also if none matches; 1 there is no such participant, or the database does not answer;\n"
        "2 wrong usage; 3 settings or schema are not as they must be.\n",
    .run = run_obligations,
};
