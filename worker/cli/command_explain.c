/* explain: why a label's status is what it is. */
#include <stdio.h>
#include <string.h>

#include "app/event_files.h"
#include "app/event_rules.h"
#include "app/heap.h"
#include "app/topic_facts.h"
#include "cli/command.h"
#include "cli/explanation_text.h"

#define FILES_MOST 100

typedef struct explaining {
    kh_common common;
    kh_configuration configuration;
    kh_catalog_view *view;
    kh_message_cache *cache;
    kh_arena arena;
    kh_language language;
    kh_text label;
    kh_text host; /* empty: every host */
    kh_instant at;
    kh_instant known_at;
    const char *files[FILES_MOST];
    size_t file_count;
    bool json;
    kh_subject_view subject; /* from the database */
    uint32_t told;           /* hosts */
} explaining;

static kh_rc print_line(kh_rc rc, kh_text line)
{
    if (rc == KH_OK && (fwrite(line.data, 1, line.length, stdout) != line.length || putchar('\n') == EOF)) {
        return KH_E_LOST;
    }
    return rc;
}

static bool wanted(const explaining *of, kh_text host)
{
    return of->host.length == 0 || kh_text_equal(of->host, host);
}

static void part_from_the_last(explaining *of)
{
    if (of->told++ > 0 && !of->json) {
        (void)printf("\n\n");
    }
}

static kh_rc tell(explaining *of, const kh_explanation_text *text)
{
    kh_text line = KH_TEXT("");
    part_from_the_last(of);
    if (!of->json) {
        return kh_explanation_text_print(text, stdout);
    }
    return print_line(kh_explanation_text_json(text, of->cache, &line), line);
}

/* What stands in the database, if that says something else. */
static const kh_key_state *published(const explaining *of, const kh_status *status)
{
    for (uint32_t i = 0; i < of->subject.key_count; i++) {
        const kh_key_state *state = &of->subject.keys[i];
        if (state->kind == KH_RESULT_STATUS && kh_text_equal(state->status->host, status->host)) {
            return kh_status_same(state->status, status) ? NULL : state;
        }
    }
    return NULL;
}

/* Everything that kinds of sources differ in. */
typedef struct telling {
    const kh_rule_book *book;
    kh_fact_source source;
    kh_message_key known_by;
    kh_instant at;
    const kh_instant *otherwise;
    const uint32_t *refused; /* NULL: nothing is */
    const char *unknown;     /* "no event about it ..." */
} telling;

static kh_rc not_known(const explaining *of, const char *where)
{
    (void)fprintf(stderr,
                  "kakehashi explain: nothing is known about %.*s: no event about it %s; check the key (a label is "
                  "SG/000123, or SG/000123@JP), and the dead letters\n",
                  KH_TEXT_ARGS(of->label), where);
    return KH_E_REFUSED;
}

static kh_rc explain_towards(explaining *of, const telling *by, kh_text arrangement)
{
    kh_label_case *about = kh_arena_allocate(&of->arena, sizeof *about);
    if (about == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc = kh_label_case_build(by->book, &by->source, of->label, arrangement, by->at, by->otherwise, &of->arena,
                                   &of->common.problems, about);
    if (rc == KH_E_REFUSED || (rc == KH_OK && about->facts.part_count == 0)) {
        return not_known(of, by->refused != NULL && *by->refused > 0 ? "was usable" : by->unknown);
    }
    if (rc != KH_OK || !wanted(of, about->decision.status.host)) {
        return rc;
    }
    kh_explanation_text text = {
        .language = of->language,
        .arena = &of->arena,
        .about = about,
        .known_by = by->known_by,
        .known_at = of->known_at,
        .refused = by->refused == NULL ? 0 : *by->refused,
        .published =
            by->known_by == KH_M_AT_NOW && of->at == KH_INSTANT_NONE ? published(of, &about->decision.status) : NULL,
    };
    return tell(of, &text);
}

static kh_rc nothing_told(const explaining *of)
{
    if (of->host.length > 0) {
        (void)fprintf(stderr, "kakehashi explain: nothing is decided about %.*s towards %.*s\n",
                      KH_TEXT_ARGS(of->label), KH_TEXT_ARGS(of->host));
    } else {
        (void)fprintf(stderr, "kakehashi explain: \"%.*s\" takes part in no arrangement that is served here\n",
                      KH_TEXT_ARGS(kh_subject_participant(of->label)));
    }
    return KH_E_REFUSED;
}

static kh_rc explain_all(explaining *of, const telling *by)
{
    kh_text *arrangements = kh_arena_allocate_array(&of->arena, by->book->pack_count, sizeof *arrangements);
    if (arrangements == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc = KH_OK;
    uint32_t count = kh_label_arrangements(by->book, of->label, arrangements);
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        rc = explain_towards(of, by, arrangements[i]);
    }
    return rc == KH_OK && of->told == 0 ? nothing_told(of) : rc;
}

static kh_rc explain_files(explaining *of)
{
    kh_event_rules rules;
    const kh_rule_book *book = &of->configuration.book;
    kh_rc rc = kh_event_rules_init(&of->configuration.settings, book, &of->arena, &rules);
    kh_event_files files = {.rules = &rules,
                            .paths = of->files,
                            .count = of->file_count,
                            .known_at = of->known_at,
                            .problems = &of->common.problems,
                            .clock = KH_INSTANT_NONE};
    telling by = {.book = book,
                  .source = kh_event_files_source(&files),
                  .known_by = of->known_at == KH_INSTANT_NONE ? KH_M_AT_FILES : KH_M_AT_RECORDS,
                  .at = of->at == KH_INSTANT_NONE ? of->known_at : of->at,
                  .otherwise = &files.clock,
                  .refused = &files.refused,
                  .unknown = of->known_at == KH_INSTANT_NONE ? "is in these files" : "is in these files by then"};
    return rc == KH_OK ? explain_all(of, &by) : rc;
}

/* With the rules of that time, from the records that there were by then. */
static kh_rc explain_records(explaining *of)
{
    kh_rule_book book;
    kh_event_rules rules;
    kh_rc rc = kh_catalog_view_book_as_of(of->view, of->known_at, &book);
    if (rc == KH_OK) {
        rc = kh_event_rules_init(&of->configuration.settings, &book, &of->arena, &rules);
    }
    if (rc != KH_OK) {
        return rc;
    }
    rules.partition_count = kh_catalog_view_lane_count(of->view);
    kh_topic_facts facts = {.settings = &of->configuration.settings,
                            .rules = &rules,
                            .lane_count = rules.partition_count,
                            .known_at = of->known_at,
                            .problems = &of->common.problems};
    telling by = {.book = &book,
                  .source = kh_topic_facts_source(&facts),
                  .known_by = KH_M_AT_RECORDS,
                  .at = of->at,
                  .otherwise = &of->at,
                  .refused = &facts.refused,
                  .unknown = "had come by then"};
    return facts.lane_count == 0 ? not_known(of, "has been decided") : explain_all(of, &by);
}

static kh_rc explain_stood(explaining *of)
{
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < of->subject.key_count; i++) {
        const kh_key_state *state = &of->subject.keys[i];
        kh_history_entry entry;
        bool found = false;
        kh_text line = KH_TEXT("");
        if (state->kind != KH_RESULT_STATUS || !wanted(of, state->status->host)) {
            continue;
        }
        rc = kh_catalog_view_stood(of->view, of->subject.lane, state, of->known_at, &of->arena, &entry, &found);
        if (rc != KH_OK || !found) {
            continue;
        }
        part_from_the_last(of);
        rc = of->json ? print_line(kh_stood_text_json(&entry, of->known_at, of->cache, &of->arena, &line), line)
                      : kh_stood_text_print(of->language, &entry, of->known_at, &of->arena, stdout);
    }
    if (rc == KH_OK && of->told == 0) {
        char known_at[KH_INSTANT_SIZE];
        (void)kh_instant_print(of->known_at, known_at);
        (void)fprintf(
            stderr,
            "kakehashi explain: nothing had been decided about %.*s by %s; `kakehashi history` lists what was "
            "decided, and when it was recorded\n",
            KH_TEXT_ARGS(of->label), known_at);
        rc = KH_E_REFUSED;
    }
    return rc;
}

static kh_rc explain_database(explaining *of)
{
    bool found = false;
    kh_rc rc = kh_catalog_view_new(&of->configuration.settings, &of->common.problems, &of->view);
    if (rc == KH_OK && of->known_at != KH_INSTANT_NONE && of->at != KH_INSTANT_NONE) {
        return explain_records(of);
    }
    if (rc == KH_OK) {
        rc = kh_catalog_view_show(of->view, of->label, &of->arena, &of->subject, &found);
    }
    if (rc != KH_OK || !found) {
        return rc == KH_OK ? not_known(of, "has been decided") : rc;
    }
    if (of->known_at != KH_INSTANT_NONE) {
        return explain_stood(of);
    }
    telling by = {.book = kh_catalog_view_book(of->view),
                  .source = kh_catalog_view_facts(of->view),
                  .known_by = KH_M_AT_NOW,
                  .at = of->at,
                  .otherwise = &of->subject.at,
                  .unknown = "has been decided"};
    return explain_all(of, &by);
}

static int explain(explaining *of)
{
    bool both = of->at != KH_INSTANT_NONE && of->known_at != KH_INSTANT_NONE;
    unsigned needs = of->file_count > 0 ? 0 : both ? KH_NEEDS_DATABASE | KH_NEEDS_BROKER : KH_NEEDS_DATABASE;
    int status = kh_common_load(&of->common, needs, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = of->json ? kh_message_cache_new(kh_heap(), &of->cache) : KH_OK;
    if (rc == KH_OK) {
        rc = of->file_count > 0 ? explain_files(of) : explain_database(of);
    }
    return kh_common_report(&of->common, rc);
}

static bool take_key(explaining *of, const char *argument)
{
    const char *at = strchr(argument, '@'); /* no id has one */
    of->label = (kh_text){argument, at == NULL ? strlen(argument) : (size_t)(at - argument)};
    of->host = kh_text_of(at == NULL ? "" : at + 1);
    kh_text home = kh_subject_participant(of->label);
    return home.length > 0 && home.length + 1 < of->label.length && (at == NULL || of->host.length > 0) &&
           kh_subject_arrangement(of->label).length == 0;
}

static int take_arguments(explaining *of, int argc, char **argv)
{
    const kh_command *command = of->common.command;
    if (argc == 0) {
        return kh_usage(command, "give one key, e.g. SG/000123");
    }
    if (!take_key(of, argv[0])) {
        return kh_usage(command, "\"%s\" is no label; it is SG/000123 or SG/000123@JP (`show` tells all others)",
                        argv[0]);
    }
    if (argc > 1 && of->file_count == 0) {
        return kh_usage(command, "one key at a time; \"%s\" is a second one (files of events follow --events)",
                        argv[1]);
    }
    for (int i = 1; i < argc; i++) {
        if (of->file_count == FILES_MOST) {
            return kh_usage(command, "more than %d files of events; put them into one", FILES_MOST);
        }
        of->files[of->file_count++] = argv[i];
    }
    return KH_EXIT_OK;
}

static bool take_option(void *self, int option, int *status)
{
    explaining *of = self;
    const kh_command *command = of->common.command;
    switch (option) {
    case 'a':
        *status = kh_common_instant(&of->common, "--at", &of->at);
        return true;
    case 'k':
        *status = kh_common_instant(&of->common, "--known-at", &of->known_at);
        return true;
    case 'e':
        if (of->file_count == FILES_MOST) {
            *status = kh_usage(command, "more than %d files of events; put them into one", FILES_MOST);
        } else {
            of->files[of->file_count++] = optarg;
        }
        return true;
    case 'l':
        *status = kh_common_language(&of->common, &of->language);
        return true;
    case 'O':
        *status = kh_common_choice(&of->common, "--output", "text", "json", &of->json);
        return true;
    default:
        return false;
    }
}

static int run_explain(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"at", required_argument, NULL, 'a'},     {"known-at", required_argument, NULL, 'k'},
        {"events", required_argument, NULL, 'e'}, {"language", required_argument, NULL, 'l'},
        {"output", required_argument, NULL, 'O'}, KH_COMMON_OPTIONS,
    };
    explaining of = {.at = KH_INSTANT_NONE, .known_at = KH_INSTANT_NONE, .language = kh_language_of_environment()};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 65536, kh_heap());
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = take_arguments(&of, argc - optind, argv + optind);
    if (status == KH_EXIT_OK) {
        status = explain(&of);
    }
out:
    kh_catalog_view_free(of.view);
    kh_message_cache_free(of.cache);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_explain = {
    .name = "explain",
    .summary = "explain why a label is recognised or not, gate by gate, with the facts and articles",
    .help =
        "Usage: kakehashi explain [OPTION]... KEY\n"
        "       kakehashi explain [OPTION]... KEY --events FILE...\n\n"
        "Explains a label's status towards each host: every gate in its order with the statement behind it (who\n"
        "stated it, when, in which event), its article, and what would change it; what is left to assess, row by row\n"
        "with its citation; obligations; and what time alone will bring, and when. KEY is a label (SG/000123), or a\n"
        "label towards one host (SG/000123@JP). Nothing is changed anywhere.\n\n"
        "      --at INSTANT        decide for that instant, past or to come, e.g. 2027-06-01T00:00:00Z; otherwise the\n"
        "                          clock of the label's lane\n"
        "      --known-at INSTANT  the decision that stood then, from the history of results; with --at it is decided\n"
        "                          again, from the records that the source topics had by then, by the policies and\n"
        "                          calendars of then\n"
        "      --events FILE...    from files of event lines instead, as `decide` reads them: no server is asked;\n"
        "                          --at is otherwise the highest timestamp in them\n"
        "      --language en|ja    otherwise Japanese if LC_ALL, LC_MESSAGES or LANG begins with ja, else English\n"
        "      --output WHAT       text (the default), or json: a line {\"explanation\":{...}} for each host, or\n"
        "                          {\"stood\":{...}} with --known-at alone\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi explain JP/000104@SG --events config/samples/first-year.jsonl --at 2027-06-01T00:00:00Z\n\n"
        "Exit codes: 0 well; 1 nothing is known about the key, a file cannot be read, or a server does not answer;\n"
        "2 wrong usage; 3 settings, rules or schema are not as they must be.\n",
    .run = run_explain,
};
