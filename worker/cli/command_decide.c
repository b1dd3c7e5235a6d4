/* decide: the same decisions with no broker and no database (README: Deciding offline). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "app/offline.h"
#include "cli/command.h"
#include "codec/message.h"

#define STOPS_MAX 1000

typedef struct deciding {
    kh_common common;
    kh_configuration configuration;
    kh_event_rules rules;
    kh_instant stops[STOPS_MAX];
    size_t stop_count;
    bool states;
    uint32_t batch;
    kh_message_cache *cache;
    kh_arena arena; /* of the line that is printed */
    kh_offline *offline;
} deciding;

static kh_rc print_line(kh_rc rc, kh_text line)
{
    if (rc == KH_OK && (fwrite(line.data, 1, line.length, stdout) != line.length || putchar('\n') == EOF)) {
        (void)fprintf(stderr, "kakehashi decide: standard output cannot be written\n");
        rc = KH_E_LOST;
    }
    return rc;
}

static kh_rc print_message(deciding *of, const kh_result *result, kh_message_kind kind)
{
    kh_text line = {NULL, 0};
    kh_arena_reset(&of->arena);
    kh_rc rc = kh_message_json(of->cache, result, kind, &of->arena, &line);
    return print_line(rc, line);
}

static kh_rc print_dead_letter(deciding *of, const kh_result *result)
{
    kh_text line = {NULL, 0};
    kh_arena_reset(&of->arena);
    kh_rc rc = kh_message_json_dead_letter((uint64_t)result->record->offset, &result->refusal, &of->arena, &line);
    return print_line(rc, line);
}

static kh_rc take_result(void *self, const kh_result *result)
{
    deciding *of = self;
    kh_rc rc = KH_OK;
    if (of->states) {
        return KH_OK;
    }
    switch (result->kind) {
    case KH_RESULT_STATUS:
        if (result->version != 0) {
            rc = print_message(of, result, KH_MESSAGE_STATUS);
        }
        if (rc == KH_OK && result->public_version != 0) {
            rc = print_message(of, result, KH_MESSAGE_PUBLIC);
        }
        return rc;
    case KH_RESULT_OBLIGATION:
        return print_message(of, result, KH_MESSAGE_OBLIGATION);
    case KH_RESULT_OBLIGATION_GONE:
        return print_message(of, result, KH_MESSAGE_OBLIGATION_GONE);
    case KH_RESULT_DEAD_LETTER:
        return print_dead_letter(of, result);
    }
    return KH_E_INTERNAL;
}

static kh_rc visit_state(void *self, const kh_result *state, bool is_public)
{
    if (state->kind == KH_RESULT_OBLIGATION) {
        return print_message(self, state, KH_MESSAGE_OBLIGATION);
    }
    return print_message(self, state, is_public ? KH_MESSAGE_PUBLIC : KH_MESSAGE_STATUS);
}

static kh_rc print_states(deciding *of)
{
    char at[KH_INSTANT_SIZE];
    if (kh_offline_clock(of->offline) == KH_INSTANT_NONE) {
        return KH_OK; /* no record and no --at: there is no instant to speak of */
    }
    (void)kh_instant_print(kh_offline_clock(of->offline), at);
    if (printf("{\"at\":\"%s\"}\n", at) < 0) {
        return KH_E_LOST;
    }
    return kh_offline_states(of->offline, visit_state, of);
}

static kh_rc take_file(deciding *of, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    int64_t number = 0;
    kh_rc rc = KH_OK;
    while (rc == KH_OK) {
        ssize_t length = getline(&line, &size, file);
        if (length < 0) {
            break;
        }
        number++;
        if (length > 0 && line[length - 1] == '\n') {
            length--;
        }
        rc = kh_offline_take_line(of->offline, (kh_text){line, (size_t)length}, number);
    }
    if (rc == KH_OK && ferror(file) != 0) {
        perror("kakehashi decide: reading events");
        rc = KH_E_LOST;
    }
    free(line);
    return rc;
}

static kh_rc take_path(deciding *of, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)fprintf(stderr, "kakehashi decide: %s: ", path);
        perror(NULL);
        return KH_E_LOST;
    }
    kh_rc rc = take_file(of, file);
    (void)fclose(file);
    return rc;
}

static int say_missing_pack(const deciding *of)
{
    char at[KH_INSTANT_SIZE];
    kh_instant from = KH_INSTANT_NONE;
    kh_text sha256 = kh_offline_missing(of->offline, &from);
    (void)kh_instant_print(from, at);
    (void)fprintf(
        stderr,
        "kakehashi decide: both participants consented to the rule pack with SHA-256 %.*s, which takes effect "
        "at %s; nothing can be decided from then on without it: add its file to `rules` in %s\n",
        KH_TEXT_ARGS(sha256), at, of->common.config);
    return KH_EXIT_CONFIGURATION;
}

static int go_through_stops(deciding *of, kh_rc *rc)
{
    for (size_t i = 0; *rc == KH_OK && i < of->stop_count; i++) {
        kh_instant clock = kh_offline_clock(of->offline);
        if (clock != KH_INSTANT_NONE && of->stops[i] < clock) {
            char stop[KH_INSTANT_SIZE];
            char now[KH_INSTANT_SIZE];
            (void)kh_instant_print(of->stops[i], stop);
            (void)kh_instant_print(clock, now);
            return kh_usage(of->common.command,
                            "--at %s is before the clock, which the records (or the --at before it) "
                            "have moved to %s; give instants after it, ascending",
                            stop, now);
        }
        *rc = kh_offline_advance(of->offline, of->stops[i]);
        if (*rc == KH_OK && of->states) {
            *rc = print_states(of);
        }
    }
    return KH_EXIT_OK;
}

static int decide_all(deciding *of, int count, char **paths)
{
    kh_rc rc = KH_OK;
    for (int i = 0; rc == KH_OK && i < count; i++) {
        rc = take_path(of, paths[i]);
    }
    if (count == 0) {
        rc = take_file(of, stdin);
    }
    int status = go_through_stops(of, &rc);
    if (status != KH_EXIT_OK) {
        return status;
    }
    if (rc == KH_OK && of->states && of->stop_count == 0) {
        rc = print_states(of);
    }
    if (rc == KH_E_CONFIGURATION) {
        return say_missing_pack(of);
    }
    if (rc == KH_E_MEMORY) {
        (void)fprintf(stderr, "kakehashi decide: out of memory\n");
    }
    if (rc == KH_E_INTERNAL) {
        (void)fprintf(stderr, "kakehashi decide: a defect of kakehashi itself; please report it with the input\n");
    }
    return rc == KH_OK ? KH_EXIT_OK : KH_EXIT_FAILED;
}

static int parse_options(deciding *of, int argc, char **argv, bool *ends)
{
    static const struct option options[] = {
        {"at", required_argument, NULL, 'a'},
        {"output", required_argument, NULL, 'o'},
        {"batch", required_argument, NULL, 'b'},
        KH_COMMON_OPTIONS,
    };
    int status = KH_EXIT_OK;
    int option = 0;
    *ends = true;
    while ((option = getopt_long(argc, argv, "a:o:c:s:h", options, NULL)) != -1) {
        if (option == 'a') {
            if (of->stop_count == STOPS_MAX || !kh_instant_parse(kh_text_of(optarg), &of->stops[of->stop_count])) {
                return kh_usage(of->common.command, "--at %s: not an instant like 2026-06-01T00:00:00Z", optarg);
            }
            of->stop_count++;
        } else if (option == 'o') {
            status = kh_common_choice(&of->common, "--output", "results", "states", &of->states);
            if (status != KH_EXIT_OK) {
                return status;
            }
        } else if (option == 'b') {
            char *end = NULL;
            unsigned long batch = strtoul(optarg, &end, 10);
            if (*end != '\0' || batch == 0 || batch > 1000000) {
                return kh_usage(of->common.command, "--batch %s: it is a number from 1 to 1000000", optarg);
            }
            of->batch = (uint32_t)batch;
        } else if (kh_common_option(&of->common, option, &status)) {
            return status;
        }
    }
    *ends = false;
    return KH_EXIT_OK;
}

static int run_decide(const kh_command *command, int argc, char **argv)
{
    static deciding of;
    bool ends = false;
    of = (deciding){.batch = 1000};
    kh_sink sink = {&of, take_result};
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 65536, kh_heap());
    int status = parse_options(&of, argc, argv, &ends);
    if (ends) {
        goto out;
    }
    status = kh_common_load(&of.common, 0, &of.configuration);
    if (status != KH_EXIT_OK) {
        goto out;
    }
    kh_rc rc = kh_event_rules_init(&of.configuration.settings, &of.configuration.book, &of.common.arena, &of.rules);
    if (rc == KH_OK) {
        rc = kh_message_cache_new(kh_heap(), &of.cache);
    }
    of.offline = rc == KH_OK ? kh_offline_new(&of.rules, of.batch, &sink) : NULL;
    if (of.offline == NULL) {
        status = kh_common_report(&of.common, KH_E_MEMORY);
        goto out;
    }
    status = decide_all(&of, argc - optind, argv + optind);
out:
    kh_offline_free(of.offline);
    kh_message_cache_free(of.cache);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_decide = {
    .name = "decide",
    .summary = "decide a history of events offline, with no broker and no database",
    .help =
        "Usage: kakehashi decide [OPTION]... [EVENTS.jsonl]...\n\n"
        "Reads events, a line of JSON each (standard input if no file is given), in the order given, and decides as\n"
        "the worker would. The clock is the highest timestamp so far.\n\n"
        "  -a, --at INSTANT     then move the clock on to there, e.g. 2027-06-01T00:00:00Z (repeatable, ascending)\n"
        "  -o, --output WHAT    results: each result as it is made (the default)\n"
        "                       states: all that stands at each --at, or once at the end\n"
        "      --batch RECORDS  give memory back after so many records (1000); it never shows in the "
        "output\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi decide --output states --at 2027-06-01T00:00:00Z config/samples/first-year.jsonl\n\n"
        "Exit codes: 0 well; 1 the events cannot be read; 2 wrong usage, --at before the clock among it;\n"
        "3 settings or rule files are wrong, or a rule pack that both participants consented to is missing.\n",
    .run = run_decide,
};
