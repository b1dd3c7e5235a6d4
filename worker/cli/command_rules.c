/* rules: loads rule packs, policies and calendars into the database, and lists them. */
#include <stdio.h>
#include <string.h>

#include "app/heap.h"
#include "app/reach.h"
#include "app/rules_store.h"
#include "cli/command.h"
#include "cli/table.h"
#include "config/file_bytes.h"

typedef struct ruling {
    kh_common common;
    kh_configuration configuration;
    kh_database *database;
    kh_arena arena; /* what comes from the database */
    const char *by;
} ruling;

/* Said here, or by the database. */
static int report(ruling *of, kh_rc rc)
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

/* All files are read, so that all that is wrong is said at once. */
static kh_rc read_files(ruling *of, int count, char **paths, kh_rule_file *files)
{
    kh_problems *problems = &of->common.problems;
    for (int i = 0; i < count; i++) {
        kh_text bytes = {NULL, 0};
        if (kh_file_bytes_read(paths[i], KH_YAML_BYTES_MOST, (kh_place){paths[i], 0, 0}, KH_TEXT(""), problems,
                               &bytes) != KH_OK) {
            continue;
        }
        if (kh_rule_file_read(paths[i], bytes, problems, &files[i]) != KH_OK) {
            continue;
        }
        for (int j = 0; j < i; j++) {
            if (same_place(&files[j], &files[i])) {
                kh_problems_add(problems, (kh_place){paths[i], 0, 0}, KH_TEXT("id"),
                                "%s has the same id, %.*s; load one of them", paths[j], KH_TEXT_ARGS(files[i].id));
            }
        }
    }
    return kh_problems_rc(problems);
}

static int load(ruling *of, int count, char **paths)
{
    size_t added = 0;
    char buffer[256];
    kh_rule_file *files = kh_arena_allocate_array(&of->common.arena, (size_t)count, sizeof *files);
    if (files == NULL) {
        return kh_common_report(&of->common, KH_E_MEMORY);
    }
    kh_rc rc = read_files(of, count, paths, files);
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

static int list(ruling *of)
{
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

static int act(ruling *of, int argc, char **argv)
{
    const kh_command *command = of->common.command;
    bool loads = argc > 0 && strcmp(argv[0], "load") == 0;
    if (!loads && (argc != 1 || strcmp(argv[0], "list") != 0)) {
        return kh_usage(command, "say what to do: `rules load FILE...` or `rules list`");
    }
    if (loads && argc == 1) {
        return kh_usage(command, "load: name the files");
    }
    if (!loads && of->by != NULL) {
        return kh_usage(command, "--by belongs to `rules load`");
    }
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    return loads ? load(of, argc - 1, argv + 1) : list(of);
}

static bool take_option(void *self, int option, int *status)
{
    ruling *of = self;
    (void)status;
    if (option == 'b') {
        of->by = optarg;
    }
    return option == 'b';
}

static int run_rules(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"by", required_argument, NULL, 'b'},
        KH_COMMON_OPTIONS,
    };
    ruling of = {.by = NULL};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 65536, kh_heap());
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = of.by != NULL && of.by[0] == '\0' ? kh_usage(command, "--by: give a name")
                                               : act(&of, argc - optind, argv + optind);
out:
    kh_reach_close(of.database);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_rules = {
    .name = "rules",
    .summary = "load rule packs, policies and calendars into the database, or list them",
    .help =
        "Usage: kakehashi rules load [OPTION]... FILE...\n"
        "       kakehashi rules list [OPTION]...\n\n"
        "What stands in the database is what all workers decide by. `load` checks the files together with what\n"
        "stands there already, says all that is wrong at once, and loads all of them or none. A policy or calendar\n"
        "takes the place of the one before it; a rule pack never does: an amendment is a new pack, which takes\n"
        "effect when both participants have consented to its SHA-256. Every label is then decided again.\n\n"
        "      --by NAME        who loads them, as it will stand in the database; otherwise the login "
        "name\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi rules load config/calendars/sg-public-holidays.yaml\n\n"
        "Exit codes: 0 well; 1 the database does not answer; 2 wrong usage; 3 settings, a file or the schema is\n"
        "not as it must be.\n",
    .run = run_rules,
};
