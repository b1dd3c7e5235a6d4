/* verify: whether the database agrees with itself and with the topics. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/heap.h"
#include "app/verify.h"
#include "cli/command.h"
#include "cli/table.h"
#include "codec/json_line.h"

#define SAY_EVERY_SECONDS     2
#define SAY_EVERY_SECONDS_LOG 30 /* where nobody looks on */

typedef struct verifying {
    kh_common common;
    kh_configuration configuration;
    kh_verify_wish wish;
    kh_verify_counts counts;
    bool json;
    kh_table *table;
    kh_arena arena; /* of the line at hand */
    kh_arena kept;  /* of what could not be checked, for the end */
    kh_text unchecked;
    bool found[KH_DEVIATIONS];
    bool printed; /* part of the table */
    int64_t say_at;
    int64_t say_every;
} verifying;

static int64_t now_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static kh_rc print_line(verifying *of, kh_json_line *line)
{
    kh_text text = KH_TEXT("");
    kh_rc rc = kh_json_line_finish(line, &text);
    if (rc == KH_OK && (fwrite(text.data, 1, text.length, stdout) != text.length || putchar('\n') == EOF)) {
        rc = KH_E_LOST;
    }
    kh_arena_reset(&of->arena);
    return rc;
}

static kh_rc take_deviation(void *self, const kh_deviation *deviation)
{
    verifying *of = self;
    of->found[deviation->kind] = true;
    if (!of->json) {
        kh_text cells[] = {kh_text_of(kh_deviation_name(deviation->kind)), deviation->place, deviation->said};
        return kh_table_add(of->table, cells);
    }
    kh_json_line *line = kh_json_line_new(&of->arena);
    kh_json_line_open(line, "deviation", '{');
    kh_json_line_text(line, "kind", kh_text_of(kh_deviation_name(deviation->kind)));
    kh_json_line_text(line, "place", deviation->place);
    kh_json_line_text(line, "what", deviation->said);
    kh_json_line_text(line, "whatToDo", kh_text_of(kh_deviation_mend(deviation->kind)));
    kh_json_line_close(line);
    return print_line(of, line);
}

static kh_rc take_unchecked(void *self, kh_text text)
{
    verifying *of = self;
    if (!of->json) {
        kh_text parts[] = {of->unchecked, KH_TEXT("- "), text, KH_TEXT("\n")};
        of->unchecked = kh_arena_join(&of->kept, parts, sizeof parts / sizeof *parts);
        return kh_arena_failed(&of->kept) ? KH_E_MEMORY : KH_OK;
    }
    kh_json_line *line = kh_json_line_new(&of->arena);
    kh_json_line_text(line, "unchecked", text);
    return print_line(of, line);
}

static void take_progress(void *self, const kh_verify_counts *counts)
{
    verifying *of = self;
    int64_t now = now_seconds();
    if (now >= of->say_at) {
        of->say_at = now + of->say_every;
        (void)fprintf(stderr,
                      "lane %" PRIu64 " of %" PRIu64 ": %" PRIu64 " of %" PRIu64 " results, %" PRIu64
                      " messages, %" PRIu64 " subjects, %" PRIu64 " records; %" PRIu64 " deviations so far\n",
                      counts->lanes + 1, counts->lanes_total, counts->results, counts->results_total, counts->messages,
                      counts->subjects, counts->records, counts->deviations);
    }
}

/* ---- the end ---- */

static kh_rc print_end(verifying *of)
{
    const kh_verify_counts *counts = &of->counts;
    kh_rc rc = kh_table_finish(of->table);
    bool first = true;
    for (int kind = 0; rc == KH_OK && kind < KH_DEVIATIONS; kind++) {
        if (of->found[kind]) {
            (void)printf("%s%s: %s\n", first ? "\nwhat to do:\n" : "", kh_deviation_name((kh_deviation_kind)kind),
                         kh_deviation_mend((kh_deviation_kind)kind));
            first = false;
        }
    }
    if (rc == KH_OK && of->unchecked.length > 0) {
        (void)printf("%scould not be checked:\n%.*s", counts->deviations > 0 ? "\n" : "", KH_TEXT_ARGS(of->unchecked));
    }
    if (rc == KH_OK &&
        printf("%s%" PRIu64 " lanes, %" PRIu64 " results, %" PRIu64 " messages, %" PRIu64 " subjects, %" PRIu64
               " records: %" PRIu64 " deviations\n",
               counts->deviations > 0 || of->unchecked.length > 0 ? "\n" : "", counts->lanes, counts->results,
               counts->messages, counts->subjects, counts->records, counts->deviations) < 0) {
        rc = KH_E_LOST;
    }
    return rc;
}

static kh_rc print_end_json(verifying *of)
{
    const kh_verify_counts *counts = &of->counts;
    kh_json_line *line = kh_json_line_new(&of->arena);
    kh_json_line_open(line, "verified", '{');
    kh_json_line_long(line, "lanes", (int64_t)counts->lanes);
    kh_json_line_long(line, "results", (int64_t)counts->results);
    kh_json_line_long(line, "messages", (int64_t)counts->messages);
    kh_json_line_long(line, "subjects", (int64_t)counts->subjects);
    kh_json_line_long(line, "records", (int64_t)counts->records);
    kh_json_line_long(line, "deviations", (int64_t)counts->deviations);
    kh_json_line_close(line);
    return print_line(of, line);
}

static int verify(verifying *of)
{
    static const kh_table_column columns[] = {{"DEVIATION", false}, {"PLACE", false}, {"WHAT", false}};
    unsigned needs = KH_NEEDS_DATABASE | (of->wish.quick ? 0 : KH_NEEDS_BROKER);
    int status = kh_common_load(&of->common, needs, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    of->say_every = isatty(STDERR_FILENO) ? SAY_EVERY_SECONDS : SAY_EVERY_SECONDS_LOG;
    of->say_at = now_seconds() + of->say_every;
    kh_rc rc = of->json ? KH_OK : kh_table_new(stdout, columns, sizeof columns / sizeof *columns, &of->table);
    if (rc == KH_OK) {
        rc = kh_verify(&of->configuration.settings, &of->wish, &of->common.problems, &of->counts);
    }
    if (rc == KH_OK) {
        rc = of->json ? print_end_json(of) : print_end(of);
    } else if (!of->json && of->table != NULL) {
        kh_rc shown = kh_table_finish(of->table); /* what was found before it broke off */
        (void)shown;
    }
    status = kh_common_report(&of->common, rc);
    return status == KH_EXIT_OK && of->counts.deviations > 0 ? KH_EXIT_FAILED : status;
}

static bool take_option(void *self, int option, int *status)
{
    verifying *of = self;
    if (option == 'q') {
        of->wish.quick = true;
    } else if (option == 'O') {
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
    }
    return option == 'q' || option == 'O';
}

static int run_verify(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"quick", no_argument, NULL, 'q'},
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    static verifying of;
    int status = KH_EXIT_OK;
    of = (verifying){
        .wish = {.deviation = take_deviation, .unchecked = take_unchecked, .progress = take_progress, .self = &of}};
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 4096, kh_heap());
    kh_arena_init(&of.kept, 4096, kh_heap());
    if (kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        status = optind < argc ? kh_usage(command, "takes no argument, but got \"%s\"", argv[optind]) : verify(&of);
    }
    kh_table_free(of.table);
    kh_arena_deinit(&of.kept);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_verify = {
    .name = "verify",
    .summary = "whether the database agrees with itself and with the topics; changes nothing",
    .help =
        "Usage: kakehashi verify [OPTION]...\n\n"
        "Takes a snapshot of the database and checks, lane by lane:\n"
        "- results: numbers without a hole; each says what was hashed when it was written; each key's results a "
        "chain,\n"
        "  its versions one more each time; decided in the order of the records that brought them about;\n"
        "- topics: each result stands there once, in order, as its row says it; and nothing else does;\n"
        "- subjects: what stands is what the newest results say, and what follows from the facts when it is decided\n"
        "  again at the lane's clock; obligations and the columns for lists say the same;\n"
        "- records: each one that was decided is among the facts or a dead letter; each dead letter has its record;\n"
        "- offsets: nothing was cut off, made anew or restored from an older copy.\n"
        "Each deviation is told with its place; below them stands what to do about each kind. What could not be\n"
        "checked is told too: what topics have deleted, what is not published yet, labels that wait to be decided.\n"
        "Workers may be at work meanwhile. The right to read tables and topics is enough. Memory is bounded; the\n"
        "database server sorts each lane's results, on its disk if they are many, and cannot clean its tables up "
        "while\n"
        "the snapshot lasts. Ctrl-C ends it at any time.\n\n"
        "      --quick          the database alone: no topics, no broker\n"
        "      --output WHAT    table (the default), or json: a line {\"deviation\":{...}} each, "
        "{\"unchecked\":\"...\"},\n"
        "                       and {\"verified\":{...}} at the end\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi verify --quick\n\n"
        "Exit codes: 0 no deviation; 1 there is one, or a server does not answer; 2 wrong usage; 3 settings, rules or\n"
        "schema are not as they must be, or a topic or right is missing.\n",
    .run = run_verify,
};
