/* list: current statuses from the database. */
#include <stdio.h>
#include <string.h>

#include "app/catalog_view.h"
#include "app/heap.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/words.h"
#include "codec/message.h"

typedef struct listing {
    kh_common common;
    kh_configuration configuration;
    kh_catalog_view *view;
    kh_view_filter filter;
    bool json;
    kh_arena arena; /* of the status that is being printed */
    kh_table *table;
    kh_message_cache *cache;
    uint64_t count;
} listing;

static kh_rc print_json(listing *of, const kh_result *status)
{
    kh_text line = {NULL, 0};
    kh_rc rc = kh_message_json(of->cache, status, KH_MESSAGE_STATUS, &of->arena, &line);
    if (rc == KH_OK && (fwrite(line.data, 1, line.length, stdout) != line.length || putchar('\n') == EOF)) {
        rc = KH_E_LOST;
    }
    return rc;
}

static kh_rc add_row(listing *of, const kh_result *result)
{
    const kh_status *status = result->status;
    kh_text cells[] = {
        status->label,
        status->host,
        kh_text_of(kh_words_outcome(status->outcome)),
        kh_words_reasons(status, &of->arena),
        kh_words_instant(status->since, "always", &of->arena),
        kh_arena_print(&of->arena, "%u", (unsigned)kh_status_residual_open(status)),
        kh_words_instant(status->next_change_at, "-", &of->arena),
    };
    return kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_add(of->table, cells);
}

static kh_rc visit(void *self, const kh_result *status)
{
    listing *of = self;
    kh_arena_reset(&of->arena);
    of->count++;
    return of->json ? print_json(of, status) : add_row(of, status);
}

static int list(listing *of)
{
    static const kh_table_column columns[] = {{"LABEL", false},      {"HOST", false},  {"OUTCOME", false},
                                              {"REASONS", false},    {"SINCE", false}, {"OPEN", true},
                                              {"NEXT CHANGE", false}};
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = of->json ? kh_message_cache_new(kh_heap(), &of->cache)
                        : kh_table_new(stdout, columns, sizeof columns / sizeof *columns, &of->table);
    if (rc == KH_OK) {
        rc = kh_catalog_view_new(&of->configuration.settings, &of->common.problems, &of->view);
    }
    if (rc == KH_OK) {
        rc = kh_catalog_view_list(of->view, &of->filter, visit, of);
    }
    if (rc == KH_OK && !of->json) {
        rc = kh_table_finish(of->table);
    }
    if (rc == KH_OK && !of->json && of->count == 0) {
        (void)printf("no status matches\n");
    }
    return kh_common_report(&of->common, rc);
}

static bool take_option(void *self, int option, int *status)
{
    listing *of = self;
    kh_text wrong = {NULL, 0};
    switch (option) {
    case 'o':
        if (!kh_words_parse_outcomes(kh_text_of(optarg), &of->filter.outcomes, &wrong)) {
            *status = kh_usage(of->common.command, "--outcome %.*s: there is no such outcome; --help lists them",
                               KH_TEXT_ARGS(wrong));
        }
        return true;
    case 'H':
        of->filter.host = kh_text_of(optarg);
        return true;
    case 'S':
        of->filter.pattern = kh_text_of(optarg);
        return true;
    case 'O':
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
        return true;
    default:
        return false;
    }
}

static int run_list(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"outcome", required_argument, NULL, 'o'},
        {"host", required_argument, NULL, 'H'},
        {"subject", required_argument, NULL, 'S'},
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    listing of = {.json = false};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 16384, kh_heap());
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = optind < argc
                 ? kh_usage(command, "takes no argument, but got \"%s\"; choose labels by --subject", argv[optind])
                 : list(&of);
out:
    kh_catalog_view_free(of.view);
    kh_table_free(of.table);
    kh_message_cache_free(of.cache);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_list = {
    .name = "list",
    .summary = "list current recognition statuses from the database",
    .help = "Usage: kakehashi list [OPTION]...\n\n"
            "Lists what stands about each label towards each host, by label: outcome, reasons with their articles,\n"
            "since when, how many residual rows need work, and the next instant at which time alone changes it.\n\n"
            "      --outcome NAME     only this outcome, with or without OUTCOME_, in any case; repeatable, or with\n"
            "                         commas: RECOGNISED, INCOMPLETE, ARRANGEMENT_NOT_IN_FORCE,\n"
            "                         EXCLUDED_THIRD_COUNTRY, NOT_APPLICABLE_BASIS_IN_HOST, LABEL_NOT_VALID,\n"
            "                         OUT_OF_SCOPE, EXCLUDED_DISPUTE, BARRED_BY_MEASURE\n"
            "      --host ID          only towards this host, e.g. JP\n"
            "      --subject PATTERN  only these labels; * is any run of characters, ? any one: 'SG/0001*'\n"
            "      --output WHAT      table (the default), or json: a line {\"status\":{...}} each, as\n"
            "                         `decide --output states` prints them; decidedAt is the clock of the label's "
            "lane\n" KH_COMMON_HELP "\nExample:\n"
            "  kakehashi list --host JP --outcome LABEL_NOT_VALID,OUT_OF_SCOPE\n\n"
            "Exit codes: 0 well, also if no status matches; 1 the database does not answer; 2 wrong usage; 3 settings\n"
            "or schema are not as they must be.\n",
    .run = run_list,
};
