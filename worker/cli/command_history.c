/* history: every result of a key. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/catalog_view.h"
#include "app/heap.h"
#include "cli/command.h"
#include "cli/status_change.h"
#include "cli/table.h"
#include "cli/words.h"
#include "codec/json_line.h"
#include "codec/message.h"

typedef struct telling {
    kh_common common;
    kh_configuration configuration;
    kh_catalog_view *view;
    kh_message_cache *cache;
    kh_table *table;
    kh_arena arena;
    kh_text key; /* of one state; empty: every key of the subject */
    kh_text subject;
    bool json;
    uint32_t told; /* keys */
} telling;

/* "REVOCATION_NOTICE/SG/1@JP" and "SG/1@JP" are about "SG/1", "YEARLY_CONSULTATION/jp-sg" is about "arrangement/jp-sg".
 */
static bool take_key(telling *of, const char *argument)
{
    kh_text rest = kh_text_of(argument);
    of->key = rest;
    for (int kind = KH_OBLIGATION_REVOCATION_NOTICE; kind <= KH_OBLIGATION_YEARLY_CONSULTATION; kind++) {
        kh_text name = kh_obligation_kind_name((kh_obligation_kind)kind);
        if (rest.length > name.length && rest.data[name.length] == '/' &&
            strncmp(argument, name.data, name.length) == 0) {
            rest = (kh_text){rest.data + name.length + 1, rest.length - name.length - 1};
            if (kind == KH_OBLIGATION_YEARLY_CONSULTATION) {
                of->subject = kh_arena_print(&of->arena, "arrangement/%.*s", KH_TEXT_ARGS(rest));
                return rest.length > 0;
            }
            break;
        }
    }
    const char *at = rest.length == 0 ? NULL : memchr(rest.data, '@', rest.length);
    of->subject = at == NULL ? rest : (kh_text){rest.data, (size_t)(at - rest.data)};
    if (at == NULL) {
        of->key = KH_TEXT(""); /* no key is without its host, but for the yearly consultation's */
    }
    return kh_subject_participant(of->subject).length > 0;
}

static void find_changes(const kh_result *before, const kh_result *after, kh_changes *out)
{
    if (after->kind == KH_RESULT_STATUS) {
        kh_changes_add_status(out, before->status, after->status, true);
    } else {
        kh_changes_add_obligation(out, before->obligation, after->obligation);
    }
}

/* What is new in a result, a line each; at least one. */
static uint32_t tell_changes(telling *of, const kh_result *before, const kh_result *after, kh_text *out)
{
    kh_changes changes;
    uint32_t count = 0;
    kh_changes_init(&changes, KH_ENGLISH, &of->arena);
    if (before != NULL) {
        find_changes(before, after, &changes);
        for (uint32_t i = 0; i < changes.count; i++) {
            out[count++] = kh_change_told(&changes, &changes.items[i]);
        }
    } else if (after->kind == KH_RESULT_STATUS) {
        kh_text standing = kh_status_standing(KH_ENGLISH, after->status, &of->arena);
        out[count++] =
            kh_arena_print(&of->arena, "%s: %.*s", kh_message(KH_ENGLISH, KH_M_FIRST_RESULT), KH_TEXT_ARGS(standing));
    } else {
        kh_changes_add_obligation(&changes, NULL, after->obligation);
        out[count++] = changes.count == 0 ? KH_TEXT("") : kh_change_told(&changes, &changes.items[0]);
    }
    if (count == 0) {
        out[count++] = kh_text_of(kh_message(KH_ENGLISH, KH_M_ONLY_PUBLIC));
    }
    return count;
}

static kh_text cause_of(telling *of, const kh_cause *cause)
{
    kh_text trigger = kh_text_of(kh_words_trigger(cause->trigger));
    return cause->topic.length == 0
               ? trigger
               : kh_arena_print(&of->arena, "%.*s %.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(trigger),
                                KH_TEXT_ARGS(cause->topic), cause->partition, cause->offset);
}

static kh_text version_of(telling *of, uint32_t version)
{
    return version == 0 ? KH_TEXT("-") : kh_arena_number(&of->arena, version);
}

static kh_rc add_rows(telling *of, const kh_history_entry *entry, const kh_text *changes, uint32_t count)
{
    const kh_result *result = &entry->result;
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        kh_text empty = KH_TEXT("");
        kh_text cells[] = {
            i > 0 ? empty : result->key,
            i > 0 ? empty : version_of(of, result->version),
            i > 0 ? empty : version_of(of, result->public_version),
            i > 0 ? empty : kh_words_instant(result->decided_at, "-", &of->arena),
            i > 0 ? empty : kh_words_instant(entry->recorded_at, "-", &of->arena),
            i > 0 ? empty : cause_of(of, &result->cause),
            changes[i],
        };
        rc = kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_add(of->table, cells);
    }
    return rc;
}

static kh_rc add_message(telling *of, kh_json_line *line, const kh_result *result)
{
    kh_text json = KH_TEXT("");
    bool is_status = result->kind == KH_RESULT_STATUS;
    if (result->kind == KH_RESULT_OBLIGATION_GONE) {
        kh_json_line_bool(line, "gone", true);
        return KH_OK;
    }
    kh_rc rc =
        kh_message_json(of->cache, result, is_status ? KH_MESSAGE_STATUS : KH_MESSAGE_OBLIGATION, &of->arena, &json);
    if (rc == KH_OK) {
        kh_json_line_raw(line, is_status ? "status" : "obligation", kh_json_unwrap(json));
    }
    return rc;
}

static kh_rc print_json(telling *of, const kh_history_entry *entry, const kh_text *changes, uint32_t count)
{
    kh_text text = KH_TEXT("");
    kh_json_line *line = kh_json_line_new(&of->arena);
    kh_json_line_open(line, "result", '{');
    kh_json_line_text(line, "key", entry->result.key);
    kh_json_line_long(line, "seq", entry->result.seq);
    kh_json_line_instant(line, "decidedAt", entry->result.decided_at);
    kh_json_line_instant(line, "recordedAt", entry->recorded_at);
    kh_json_line_number(line, "publicVersion", entry->result.public_version);
    kh_json_line_open(line, "changes", '[');
    for (uint32_t i = 0; i < count; i++) {
        kh_json_line_text(line, NULL, changes[i]);
    }
    kh_json_line_close(line);
    kh_rc rc = add_message(of, line, &entry->result);
    kh_json_line_close(line);
    if (rc == KH_OK) {
        rc = kh_json_line_finish(line, &text);
    }
    if (rc == KH_OK && (fwrite(text.data, 1, text.length, stdout) != text.length || putchar('\n') == EOF)) {
        rc = KH_E_LOST;
    }
    return rc;
}

/* From the oldest to the newest, since each is told by what it changed. */
static kh_rc tell_key(telling *of, const kh_subject_view *subject, const kh_key_state *state)
{
    kh_history_entry *entries = NULL;
    size_t count = 0;
    kh_rc rc = kh_catalog_view_history(of->view, subject->lane, state, SIZE_MAX, &of->arena, &entries, &count);
    of->told++;
    for (size_t i = count; rc == KH_OK && i-- > 0;) {
        kh_text changes[KH_CHANGES_MOST];
        const kh_result *before = i + 1 < count ? &entries[i + 1].result : NULL;
        uint32_t changed = tell_changes(of, before, &entries[i].result, changes);
        rc = of->json ? print_json(of, &entries[i], changes, changed) : add_rows(of, &entries[i], changes, changed);
    }
    return rc;
}

static kh_rc tell_all(telling *of)
{
    kh_subject_view subject;
    bool found = false;
    kh_rc rc = kh_catalog_view_new(&of->configuration.settings, &of->common.problems, &of->view);
    if (rc == KH_OK) {
        rc = kh_catalog_view_show(of->view, of->subject, &of->arena, &subject, &found);
    }
    for (uint32_t i = 0; rc == KH_OK && found && i < subject.key_count; i++) {
        if (of->key.length == 0 || kh_text_equal(of->key, subject.keys[i].key)) {
            rc = tell_key(of, &subject, &subject.keys[i]);
        }
    }
    if (rc == KH_OK && of->told == 0) {
        (void)fprintf(stderr,
                      "kakehashi history: nothing has been decided about %.*s; a key is a label (SG/000123), a label "
                      "towards a host (SG/000123@JP), an obligation's id, or arrangement/ID\n",
                      KH_TEXT_ARGS(of->key.length > 0 ? of->key : of->subject));
        rc = KH_E_REFUSED;
    }
    return rc;
}

static int tell(telling *of, const char *argument)
{
    static const kh_table_column columns[] = {{"KEY", false},         {"VERSION", true},      {"PUBLIC", true},
                                              {"DECIDED FOR", false}, {"RECORDED AT", false}, {"BECAUSE OF", false},
                                              {"WHAT CHANGED", false}};
    if (!take_key(of, argument)) {
        return kh_usage(of->common.command,
                        "\"%s\" is no key; it is SG/000123, SG/000123@JP, REVOCATION_NOTICE/SG/000123@JP or "
                        "arrangement/jp-sg",
                        argument);
    }
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = of->json ? kh_message_cache_new(kh_heap(), &of->cache)
                        : kh_table_new(stdout, columns, sizeof columns / sizeof *columns, &of->table);
    if (rc == KH_OK) {
        rc = tell_all(of);
    }
    if (rc == KH_OK && !of->json) {
        rc = kh_table_finish(of->table);
    }
    return kh_common_report(&of->common, rc);
}

static bool take_option(void *self, int option, int *status)
{
    telling *of = self;
    if (option == 'O') {
        *status = kh_common_choice(&of->common, "--output", "table", "json", &of->json);
        return true;
    }
    return false;
}

static int run_history(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    telling of = {.json = false};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 65536, kh_heap());
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = argc - optind == 1 ? tell(&of, argv[optind]) : kh_usage(command, "give one key, e.g. SG/000123@JP");
out:
    kh_catalog_view_free(of.view);
    kh_table_free(of.table);
    kh_message_cache_free(of.cache);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_history = {
    .name = "history",
    .summary = "list every result of a key: when, why, and what changed in it",
    .help =
        "Usage: kakehashi history [OPTION]... KEY\n\n"
        "Lists every result of a key from the first on: its versions, the instant that it was decided for (legal\n"
        "time), when it was recorded, what brought it about, and what changed against the one before it. KEY is a\n"
        "label towards a host (SG/000123@JP), the id of an obligation (REVOCATION_NOTICE/SG/000123@JP), or a label or\n"
        "arrangement with all its keys (SG/000123, arrangement/jp-sg); those of obligations that are gone among "
        "them.\n\n"
        "      --output WHAT    table (the default), or json: a line {\"result\":{...}} each, with the message as in\n"
        "                       its topic and the changes in words\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi history SG/000201@JP\n\n"
        "Exit codes: 0 well; 1 nothing has been decided about the key, or the database does not answer; 2 wrong\n"
        "usage; 3 settings or schema are not as they must be.\n",
    .run = run_history,
};
