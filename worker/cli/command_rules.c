/* rules: loads rule packs, policies and calendars into the database, lists them, and says what they would change. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "app/heap.h"
#include "app/rules_store.h"
#include "cli/rules_command.h"
#include "cli/table.h"
#include "config/file_bytes.h"

/* Said here, or by the database. */
static int report(kh_rules_command *of, kh_rc rc)
{
    if (rc != KH_OK && rc != KH_E_MEMORY && of->common.problems.count == 0) {
        (void)kh_reach_failed(&of->configuration.settings, of->database, &of->common.problems, rc);
    }
    return kh_common_report(&of->common, rc);
}

static bool same_place(const kh_rule_file *a, const kh_rule_file *b)
{
    return a->kind == b->kind && kh_text_equal(a->id, b->id);
}

kh_rc kh_rules_command_read(kh_rules_command *of, const char *path, kh_rule_file *out)
{
    kh_text bytes = {NULL, 0};
    kh_problems *problems = &of->common.problems;
    kh_rc rc = kh_file_bytes_read(path, KH_YAML_BYTES_MOST, (kh_place){path, 0, 0}, KH_TEXT(""), problems, &bytes);
    return rc == KH_OK ? kh_rule_file_read(path, bytes, problems, out) : rc;
}

kh_rc kh_rules_command_read_all(kh_rules_command *of, int count, char **paths, kh_rule_file **out)
{
    kh_problems *problems = &of->common.problems;
    kh_rule_file *files = kh_arena_allocate_array(&of->common.arena, (size_t)count, sizeof *files);
    if (files == NULL) {
        return KH_E_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        if (kh_rules_command_read(of, paths[i], &files[i]) != KH_OK) {
            continue;
        }
        for (int j = 0; j < i; j++) {
            if (same_place(&files[j], &files[i])) {
                kh_problems_add(problems, (kh_place){paths[i], 0, 0}, KH_TEXT("id"),
                                "%s has the same id, %.*s; name one of them", paths[j], KH_TEXT_ARGS(files[i].id));
            }
        }
    }
    *out = files;
    return kh_problems_rc(problems);
}

static int load(kh_rules_command *of, int count, char **paths)
{
    size_t added = 0;
    char buffer[256];
    kh_rule_file *files = NULL;
    kh_rc rc = kh_rules_command_read_all(of, count, paths, &files);
    if (rc != KH_OK) {
        return kh_common_report(&of->common, rc);
    }
    rc = kh_reach_schema(&of->configuration.settings, &of->common.problems, &of->database, NULL);
    if (rc == KH_OK) {
        const char *by = of->by != NULL ? of->by : kh_login_name(buffer, sizeof buffer);
        rc = kh_rules_store_load(of->database, files, (uint32_t)count, kh_text_of(by), &of->arena, &of->common.problems,
                                 &added);
    }
    if (rc != KH_OK) {
        return report(of, rc);
    }
    for (int i = 0; i < count; i++) {
        (void)printf("%s %.*s: SHA-256 %.*s\n", kh_rule_file_kind_name(files[i].kind), KH_TEXT_ARGS(files[i].id),
                     KH_TEXT_ARGS(files[i].sha256));
    }
    if (added == 0) {
        (void)printf("all of it stands in the database already: nothing has changed\n");
    } else {
        (void)printf("%zu of %d are new; the workers will now decide every label again by them\n", added, count);
    }
    return KH_EXIT_OK;
}

static int list(kh_rules_command *of, int count_of_arguments, char **arguments)
{
    (void)count_of_arguments;
    (void)arguments;
    static const kh_table_column columns[] = {{"KIND", false},   {"ID", false}, {"ARRANGEMENT", false},
                                              {"LOADED", false}, {"BY", false}, {"SHA-256", false}};
    kh_rule_file_row *rows = NULL;
    size_t count = 0;
    kh_table *table = NULL;
    kh_rc rc = kh_reach_schema(&of->configuration.settings, &of->common.problems, &of->database, NULL);
    if (rc == KH_OK) {
        rc = kh_rules_store_rows(of->database, &of->arena, &rows, &count);
    }
    if (rc == KH_OK) {
        rc = kh_table_new(stdout, columns, sizeof columns / sizeof *columns, &table);
    }
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        char at[KH_INSTANT_SIZE];
        (void)kh_instant_print(rows[i].loaded_at, at);
        kh_text cells[] = {kh_text_of(kh_rules_store_kind_name(rows[i].kind)),
                           rows[i].id,
                           rows[i].arrangement,
                           kh_text_of(at),
                           rows[i].loaded_by,
                           rows[i].digest};
        rc = kh_table_add(table, cells);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    if (rc == KH_OK && count == 0) {
        (void)printf("the database holds no rules yet: `kakehashi run` loads those of the settings, or "
                     "`kakehashi rules load FILE...`\n");
    }
    kh_table_free(table);
    return report(of, rc);
}

/* Which options belong to which action. */
enum { BY = 1, JSON = 2, LANGUAGE = 4, PREVIEW = 8 };

typedef struct rules_action {
    const char *name;
    int least; /* arguments */
    int most;
    unsigned options;
    bool reaches; /* needs settings and database in any case */
    const char *usage;
    int (*run)(kh_rules_command *of, int count, char **arguments);
} rules_action;

static const rules_action ACTIONS[] = {
    {"load", 1, INT_MAX, BY, true, "load: name the files", load},
    {"list", 0, 0, 0, true, "list: takes no argument", list},
    {"diff", 2, 2, JSON | LANGUAGE, false, "diff: name two rule packs, each by a file or by its id in the database",
     kh_rules_diff},
    {"preview", 1, INT_MAX, JSON | LANGUAGE | PREVIEW, true, "preview: name a rule pack, a policy or a calendar",
     kh_rules_preview},
};

/* \return KH_EXIT_OK, or that an option was given which belongs to other actions. */
static int check_options(const kh_command *command, unsigned given, const rules_action *action)
{
    static const struct {
        unsigned option;
        const char *name;
        const char *belongs_to;
    } options[] = {
        {BY, "--by", "`rules load`"},
        {JSON, "--output", "`rules diff` and `rules preview`"},
        {LANGUAGE, "--language", "`rules diff` and `rules preview`"},
        {PREVIEW, "each of --at, --from and --limit", "`rules preview`"},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if ((given & ~action->options & options[i].option) != 0) {
            return kh_usage(command, "%s belongs to %s", options[i].name, options[i].belongs_to);
        }
    }
    return KH_EXIT_OK;
}

static const rules_action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (strcmp(ACTIONS[i].name, name) == 0) {
            return &ACTIONS[i];
        }
    }
    return NULL;
}

static int act(kh_rules_command *of, unsigned given, int argc, char **argv)
{
    const kh_command *command = of->common.command;
    const rules_action *action = argc == 0 ? NULL : find_action(argv[0]);
    if (action == NULL) {
        return kh_usage(
            command, "say what to do: `rules load FILE...`, `rules list`, `rules diff A B` or `rules preview FILE...`");
    }
    if (argc - 1 < action->least || argc - 1 > action->most) {
        return kh_usage(command, "%s", action->usage);
    }
    int status = check_options(command, given, action);
    if (status == KH_EXIT_OK && action->reaches) {
        status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    }
    return status != KH_EXIT_OK ? status : action->run(of, argc - 1, argv + 1);
}

/* \return -1 if it is no number, or too large a one. */
static int64_t parse_limit(const char *text)
{
    int64_t number = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || number > INT64_MAX / 100) {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return text[0] == '\0' ? -1 : number;
}

/* \param given  gets the option. \return whether it was one of ours; then \a status is KH_EXIT_OK if it was well. */
static bool take(kh_rules_command *of, int option, unsigned *given, int *status)
{
    const kh_common *common = &of->common;
    switch (option) {
    case 'b':
        *given |= BY;
        of->by = optarg;
        *status = optarg[0] == '\0' ? kh_usage(common->command, "--by: give a name") : KH_EXIT_OK;
        return true;
    case 'a':
        *given |= PREVIEW;
        *status = kh_common_instant(common, "--at", &of->at);
        return true;
    case 'f':
        *given |= PREVIEW;
        if (!kh_day_parse(kh_text_of(optarg), &of->from)) {
            *status = kh_usage(common->command, "--from %s: not a date like 2026-06-01", optarg);
        }
        return true;
    case 'n':
        *given |= PREVIEW;
        of->limit = parse_limit(optarg);
        if (of->limit < 0) {
            *status = kh_usage(common->command, "--limit %s: not a number from 0 on", optarg);
        }
        return true;
    case 'l':
        *given |= LANGUAGE;
        *status = kh_common_language(common, &of->language);
        return true;
    case 'O':
        *given |= JSON;
        *status = kh_common_choice(common, "--output", "table", "json", &of->json);
        return true;
    default:
        return false;
    }
}

typedef struct ruling {
    kh_rules_command command;
    unsigned given; /* options */
} ruling;

static bool take_option(void *self, int option, int *status)
{
    ruling *of = self;
    return take(&of->command, option, &of->given, status);
}

static int run_rules(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"by", required_argument, NULL, 'b'},
        {"at", required_argument, NULL, 'a'},
        {"from", required_argument, NULL, 'f'},
        {"limit", required_argument, NULL, 'n'},
        {"language", required_argument, NULL, 'l'},
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    ruling of = {
        .command = {.language = kh_language_of_environment(), .at = KH_INSTANT_NONE, .from = KH_DAY_NONE, .limit = -1}};
    int status = KH_EXIT_OK;
    kh_common_init(&of.command.common, command);
    kh_arena_init(&of.command.arena, 65536, kh_heap());
    if (kh_common_options(&of.command.common, options, argc, argv, take_option, &of, &status)) {
        status = act(&of.command, of.given, argc - optind, argv + optind);
    }
    kh_reach_close(of.command.database);
    kh_arena_deinit(&of.command.arena);
    kh_common_deinit(&of.command.common);
    return status;
}

const kh_command kh_command_rules = {
    .name = "rules",
    .summary = "load rule packs, policies and calendars, compare them, or say what they would change",
    .help =
        "Usage: kakehashi rules load [OPTION]... FILE...\n"
        "       kakehashi rules list [OPTION]...\n"
        "       kakehashi rules diff [OPTION]... A B\n"
        "       kakehashi rules preview [OPTION]... FILE...\n\n"
        "What stands in the database is what all workers decide by. `load` checks the files together with what\n"
        "stands there already, says all that is wrong at once, and loads all of them or none. A policy or calendar\n"
        "takes the place of the one before it; a rule pack never does: an amendment is a new pack, which takes\n"
        "effect when both participants have consented to its SHA-256. Every label is then decided again.\n\n"
        "`diff` says what rule pack B provides otherwise than A, provision by provision, each with its article or row "
        "of\n"
        "an annex: terms, participants, scope, tables and their rows. A and B are files, or ids of rule packs that "
        "stand\n"
        "in the database; two files need neither settings nor database.\n\n"
        "`preview` says what would change if the files were in force: every label and obligation that stands is "
        "decided\n"
        "by the rules in force and by those with the files, and what differs is counted by its kind and listed. "
        "Nothing\n"
        "is written. A policy, a calendar or a first rule pack takes the place of the one that stands; an amendment\n"
        "counts as consented to, and what arose before its day stays under the rules of that time.\n\n"
        "      --by NAME        load: who loads them, as it will stand in the database; otherwise the login name\n"
        "      --at INSTANT     preview: decide for that instant instead of now, e.g. 2027-06-01T00:00:00Z\n"
        "      --from DATE      preview: an amendment is in force from that day on; otherwise from the day of the "
        "instant\n"
        "      --limit NUMBER   preview: list so many changes at most (100); 0 lists all. The counts are always of "
        "all\n"
        "      --language LANG  diff, preview: en or ja; otherwise as the environment says (LC_ALL, LC_MESSAGES, "
        "LANG)\n"
        "      --output WHAT    diff, preview: table (the default), or json: a line each\n" KH_COMMON_HELP
        "\nExample:\n"
        "  kakehashi rules load config/calendars/sg-public-holidays.yaml\n"
        "  kakehashi rules diff jp-sg-1 draft.yaml\n"
        "  kakehashi rules preview draft.yaml\n\n"
        "Exit codes: 0 well, whether anything differs or not; 1 there is no such rule pack, or the database does not "
        "answer;\n"
        "2 wrong usage; 3 settings, a file or the schema is not as it must be.\n",
    .run = run_rules,
};
