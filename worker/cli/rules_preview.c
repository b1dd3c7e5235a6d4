/* rules preview: what would change if a rule pack, a policy or a calendar were in force. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/preview.h"
#include "cli/difference_text.h"
#include "cli/rules_command.h"
#include "cli/table.h"
#include "cli/words.h"

#define LISTED_MOST 100

typedef struct previewing {
    kh_rules_command *command;
    kh_preview_counts counts;
    kh_table *table;
    uint64_t most; /* to be listed */
    uint64_t listed;
    time_t said_at;
} previewing;

static void find_changes(const kh_preview_change *change, kh_changes *out)
{
    if (change->will_be != NULL) {
        kh_changes_add_status(out, change->was, change->will_be, true);
    }
    for (int i = 0; i < 2; i++) {
        kh_changes_add_obligation(out, change->obligations_were[i], change->obligations_will_be[i]);
    }
}

static kh_rc print_line(kh_json_line *line)
{
    kh_text text = KH_TEXT("");
    kh_rc rc = kh_json_line_finish(line, &text);
    return rc == KH_OK && printf("%.*s\n", KH_TEXT_ARGS(text)) < 0 ? KH_E_LOST : rc;
}

static kh_rc list_change(void *self, const kh_preview_change *change)
{
    previewing *of = self;
    kh_arena *arena = &of->command->arena;
    kh_changes changes;
    kh_rc rc = KH_OK;
    if (of->listed == of->most) {
        return KH_OK;
    }
    of->listed++;
    kh_arena_reset(arena);
    kh_changes_init(&changes, of->command->language, arena);
    find_changes(change, &changes);
    if (of->command->json) {
        kh_json_line *line = kh_json_line_new(arena);
        kh_json_line_open(line, "change", '{');
        kh_json_line_text(line, "key", change->key);
        kh_changes_json(line, &changes);
        kh_json_line_close(line);
        return print_line(line);
    }
    kh_text key = change->key;
    for (uint32_t i = 0; rc == KH_OK && i < changes.count; i++) {
        if (!kh_preview_is_formal_kind(changes.items[i].kind)) {
            kh_text cells[] = {key, kh_change_told(&changes, &changes.items[i])};
            rc = kh_arena_failed(arena) ? KH_E_MEMORY : kh_table_add(of->table, cells);
            key = KH_TEXT("");
        }
    }
    return rc;
}

static void say_progress(void *self, uint64_t decided)
{
    previewing *of = self;
    time_t now = time(NULL);
    if (now >= of->said_at + 2) {
        of->said_at = now;
        (void)fprintf(stderr, "%" PRIu64 " labels so far, %" PRIu64 " would change\n", decided, of->counts.changed);
    }
}

static kh_rc print_counts_json(previewing *of, kh_instant at)
{
    kh_json_line *line = kh_json_line_new(&of->command->arena);
    kh_json_line_open(line, "preview", '{');
    kh_json_line_instant(line, "at", at);
    kh_json_line_long(line, "decided", (int64_t)of->counts.decided);
    kh_json_line_long(line, "changed", (int64_t)of->counts.changed);
    kh_json_line_long(line, "formal", (int64_t)of->counts.formal);
    kh_json_line_long(line, "listed", (int64_t)of->listed);
    kh_json_line_open(line, "counts", '[');
    for (uint32_t i = 0; i < of->counts.tally.count; i++) {
        kh_json_line_open(line, NULL, '{');
        kh_difference_class_json(line, &of->counts.tally.classes[i]);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_close(line);
    return print_line(line);
}

static kh_rc print_counts(previewing *of)
{
    kh_language language = of->command->language;
    const kh_difference_tally *tally = &of->counts.tally;
    const kh_table_column columns[] = {{kh_message(language, KH_M_COLUMN_KIND), false},
                                       {kh_message(language, KH_M_COLUMN_COUNT), true}};
    kh_table *table = NULL;
    kh_rc rc = tally->count == 0 ? KH_OK : kh_table_new(stdout, columns, 2, &table);
    for (uint32_t i = 0; rc == KH_OK && i < tally->count; i++) {
        kh_text cells[] = {kh_difference_class_told(language, &tally->classes[i], &of->command->arena),
                           kh_arena_number(&of->command->arena, (int64_t)tally->classes[i].count)};
        rc = kh_arena_failed(&of->command->arena) ? KH_E_MEMORY : kh_table_add(table, cells);
    }
    if (rc == KH_OK && tally->count > 0) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static void say(previewing *of, kh_message_key key, kh_instant at, uint64_t count)
{
    kh_arena *arena = &of->command->arena;
    kh_filling fillings[] = {{"at", kh_words_instant(at, "", arena)},
                             {"decided", kh_arena_number(arena, (int64_t)of->counts.decided)},
                             {"changed", kh_arena_number(arena, (int64_t)of->counts.changed)},
                             {"count", kh_arena_number(arena, (int64_t)count)}};
    (void)printf("%.*s\n", KH_TEXT_ARGS(kh_message_fill(of->command->language, key, fillings, 4, arena)));
}

static kh_rc print_summary(previewing *of, kh_instant at)
{
    const kh_preview_counts *counts = &of->counts;
    kh_rc rc = kh_table_finish(of->table);
    if (rc == KH_OK && of->listed > 0) {
        (void)putchar('\n');
    }
    if (rc == KH_OK) {
        rc = print_counts(of);
    }
    if (rc != KH_OK) {
        return rc;
    }
    if (counts->tally.count > 0) {
        (void)putchar('\n');
    }
    say(of, counts->changed > 0 ? KH_M_PREVIEW_CHANGED : KH_M_PREVIEW_NOTHING, at, 0);
    if (counts->changed > of->listed) {
        say(of, KH_M_PREVIEW_UNLISTED, at, counts->changed - of->listed);
    }
    if (counts->formal > 0) {
        say(of, KH_M_PREVIEW_FORMAL, at, counts->formal);
    }
    return kh_arena_failed(&of->command->arena) ? KH_E_MEMORY : KH_OK;
}

static kh_rc run(previewing *of, kh_catalog_view *view, const kh_preview_question *question)
{
    const kh_table_column columns[] = {
        {kh_message(of->command->language, KH_M_COLUMN_KEY), false},
        {kh_message(of->command->language, KH_M_COLUMN_WAS_AND_WOULD_BE), false},
    };
    const kh_preview_report report = {.change = list_change, .progress = say_progress, .self = of};
    kh_rc rc = of->command->json ? KH_OK : kh_table_new(stdout, columns, 2, &of->table);
    if (rc == KH_OK) {
        rc = kh_preview_run(view, question, &report, &of->counts);
    }
    kh_arena_reset(&of->command->arena);
    if (rc == KH_OK) {
        rc = of->command->json ? print_counts_json(of, question->at) : print_summary(of, question->at);
    }
    kh_table_free(of->table);
    return rc;
}

int kh_rules_preview(kh_rules_command *command, int count, char **paths)
{
    kh_rule_file *files = NULL;
    kh_catalog_view *view = NULL;
    previewing *of = calloc(1, sizeof *of);
    kh_rc rc = of == NULL ? KH_E_MEMORY : kh_rules_command_read_all(command, count, paths, &files);
    if (rc == KH_OK) {
        rc = kh_catalog_view_new(&command->configuration.settings, &command->common.problems, &view);
    }
    if (rc == KH_OK) {
        const kh_preview_question question = {
            .files = files,
            .file_count = (uint32_t)count,
            .at = command->at == KH_INSTANT_NONE ? (kh_instant)time(NULL) * 1000 : command->at,
            .from = command->from,
        };
        of->command = command;
        of->most = command->limit < 0 ? LISTED_MOST : command->limit == 0 ? UINT64_MAX : (uint64_t)command->limit;
        of->said_at = time(NULL);
        rc = run(of, view, &question);
    }
    kh_catalog_view_free(view);
    free(of);
    return kh_common_report(&command->common, rc);
}
