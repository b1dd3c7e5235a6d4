#include "cli/replay_text.h"

#include <inttypes.h>

#include "app/rules_store.h"
#include "cli/status_change.h"
#include "cli/table.h"
#include "cli/words.h"
#include "codec/json_line.h"

#define DIGEST_SHOWN 8

const char *kh_replay_kind(kh_discrepancy_kind kind)
{
    static const char *const WORDS[KH_DISCREPANCIES] = {
        [KH_DISCREPANCY_ONLY_LIVE] = "only live",
        [KH_DISCREPANCY_ONLY_REPLAY] = "only in the replay",
        [KH_DISCREPANCY_FACTS] = "facts",
        [KH_DISCREPANCY_STANDING] = "stands otherwise than its own facts and rules say",
        [KH_DISCREPANCY_OUTCOME] = "outcome or reasons",
        [KH_DISCREPANCY_RESIDUAL] = "what is left to assess",
        [KH_DISCREPANCY_OBLIGATION] = "obligation",
        [KH_DISCREPANCY_OTHER] = "rule pack, details or times only",
    };
    return kind < KH_DISCREPANCIES ? WORDS[kind] : "?";
}

/* ---- gathering ---- */

/* The rule files that differ, as the reason of whatever facts do not explain. */
static kh_text rules_told(const kh_comparison *of, kh_arena *arena)
{
    kh_text out = KH_TEXT("");
    for (size_t i = 0; i < of->rule_count; i++) {
        out = kh_arena_print(arena, "%.*s%s%s %.*s", KH_TEXT_ARGS(out), i == 0 ? "" : ", ",
                             kh_rules_store_kind_name(of->rules[i].kind), KH_TEXT_ARGS(of->rules[i].id));
    }
    return out;
}

static kh_text why(const kh_replay_lines *lines, const kh_discrepancy *of)
{
    switch (of->kind) {
    case KH_DISCREPANCY_ONLY_LIVE:
        return KH_TEXT("none of its records was accepted in the replay");
    case KH_DISCREPANCY_ONLY_REPLAY:
        return KH_TEXT("none of its records was accepted live");
    case KH_DISCREPANCY_FACTS:
        return KH_TEXT("not the same statements were accepted");
    case KH_DISCREPANCY_STANDING:
        return KH_TEXT("the live deployment did not decide it when it should have");
    case KH_DISCREPANCY_OUTCOME:
    case KH_DISCREPANCY_RESIDUAL:
    case KH_DISCREPANCY_OBLIGATION:
    case KH_DISCREPANCY_OTHER:
    case KH_DISCREPANCIES:
        break;
    }
    if (kh_text_equal(lines->facts_of, of->subject)) {
        return KH_TEXT("its facts differ");
    }
    return lines->comparison->rule_count > 0 ? rules_told(lines->comparison, lines->arena)
                                             : KH_TEXT("the facts about its basis or the arrangement differ");
}

static kh_rc keep(kh_replay_lines *lines, const kh_discrepancy *of, kh_text what, kh_text before, kh_text after)
{
    kh_replay_line *line = kh_arena_allocate(lines->arena, sizeof *line);
    if (line == NULL) {
        return KH_E_MEMORY;
    }
    *line = (kh_replay_line){.kind = of->kind, .what = what, .before = before, .after = after, .why = why(lines, of)};
    kh_rc rc = kh_arena_copy_text(lines->arena, of->key, &line->key);
    if (lines->newest == NULL) {
        lines->first = line;
    } else {
        lines->newest->next = line;
    }
    lines->newest = line;
    return rc == KH_OK && kh_arena_failed(lines->arena) ? KH_E_MEMORY : rc;
}

static kh_text or_none(kh_text text)
{
    return text.length == 0 ? KH_TEXT("-") : text;
}

static kh_rc add_changes(kh_replay_lines *lines, const kh_discrepancy *of)
{
    kh_changes changes;
    kh_rc rc = KH_OK;
    kh_changes_init(&changes, KH_ENGLISH, lines->arena);
    if (of->of == KH_RESULT_STATUS) {
        kh_changes_add_status(&changes, of->status_before, of->status_after, true);
    } else {
        kh_changes_add_obligation(&changes, of->obligation_before, of->obligation_after);
    }
    if (changes.count == 0) {
        return keep(lines, of, KH_TEXT("what the public is told"), KH_TEXT("-"), KH_TEXT("-"));
    }
    for (uint32_t i = 0; rc == KH_OK && i < changes.count; i++) {
        kh_text copies[2] = {{NULL, 0}, {NULL, 0}};
        rc = kh_arena_copy_text(lines->arena, changes.items[i].before, &copies[0]);
        if (rc == KH_OK) {
            rc = kh_arena_copy_text(lines->arena, changes.items[i].after, &copies[1]);
        }
        if (rc == KH_OK) {
            rc = keep(lines, of, kh_change_name(&changes, &changes.items[i]), copies[0], copies[1]);
        }
    }
    return rc;
}

kh_rc kh_replay_lines_add(kh_replay_lines *lines, const kh_discrepancy *of)
{
    if (lines->kept >= lines->limit) {
        return KH_OK;
    }
    lines->kept++;
    switch (of->kind) {
    case KH_DISCREPANCY_ONLY_LIVE:
        return keep(lines, of, KH_TEXT("known"), KH_TEXT("yes"), KH_TEXT("no"));
    case KH_DISCREPANCY_ONLY_REPLAY:
        return keep(lines, of, KH_TEXT("known"), KH_TEXT("no"), KH_TEXT("yes"));
    case KH_DISCREPANCY_FACTS: {
        kh_text copies[2] = {{NULL, 0}, {NULL, 0}};
        kh_rc rc = kh_arena_copy_text(lines->arena, of->subject, &lines->facts_of);
        if (rc == KH_OK) {
            rc = kh_arena_copy_text(lines->arena, of->only_live, &copies[0]);
        }
        if (rc == KH_OK) {
            rc = kh_arena_copy_text(lines->arena, of->only_replay, &copies[1]);
        }
        return rc == KH_OK
                   ? keep(lines, of, KH_TEXT("statements that only it has"), or_none(copies[0]), or_none(copies[1]))
                   : rc;
    }
    case KH_DISCREPANCY_STANDING:
    case KH_DISCREPANCY_OUTCOME:
    case KH_DISCREPANCY_RESIDUAL:
    case KH_DISCREPANCY_OBLIGATION:
    case KH_DISCREPANCY_OTHER:
    case KH_DISCREPANCIES:
        break;
    }
    return add_changes(lines, of);
}

/* ---- for people ---- */

static void print_rule(const kh_rules_discrepancy *rule, FILE *to)
{
    const kh_text digests[] = {rule->live_digest, rule->replay_digest};
    (void)fprintf(to, "%s %.*s: ", kh_rules_store_kind_name(rule->kind), KH_TEXT_ARGS(rule->id));
    for (int i = 0; i < 2; i++) {
        if (digests[i].length == 0) {
            (void)fprintf(to, "%s none", i == 0 ? "live" : "; replay");
        } else {
            (void)fprintf(to, "%s %.*s...", i == 0 ? "live" : "; replay", DIGEST_SHOWN, digests[i].data);
        }
    }
    (void)fprintf(to, ", %s\n", rule->given ? "given to the replay" : "loaded live since the replay was begun");
}

static void print_head(const kh_comparison *of, FILE *to)
{
    char at[KH_INSTANT_SIZE] = "-";
    if (of->at != KH_INSTANT_NONE) {
        (void)kh_instant_print(of->at, at);
    }
    uint64_t others = of->counts[KH_DISCREPANCY_ONLY_LIVE] + of->counts[KH_DISCREPANCY_ONLY_REPLAY] +
                      of->counts[KH_DISCREPANCY_FACTS];
    if (others == 0) {
        (void)fprintf(to, "facts: alike, of all %" PRIu64 " subjects, as they stood live at %s\n", of->subjects, at);
    } else {
        (void)fprintf(to, "facts: not alike, of %" PRIu64 " of %" PRIu64 " subjects, as they stood live at %s\n",
                      others, of->subjects, at);
    }
    for (size_t i = 0; i < of->rule_count; i++) {
        (void)fputs(i == 0 ? "rules: " : "       ", to);
        print_rule(&of->rules[i], to);
    }
    if (of->rule_count == 0) {
        (void)fputs("rules: the same\n", to);
    }
    if (of->on_their_way > 0 || of->sweeping > 0) {
        (void)fprintf(to,
                      "%" PRIu64 " labels are about to be decided again live, by rules or facts that are new there "
                      "(%" PRIu64 " lanes go through all theirs): not counted; compare again when that is done\n",
                      of->on_their_way, of->sweeping);
    }
}

static kh_rc print_counts(const kh_comparison *of, FILE *to)
{
    static const kh_table_column columns[] = {{"DIFFERENCES IN", false}, {"COUNT", true}};
    kh_table *table = NULL;
    kh_rc rc = kh_table_new(to, columns, 2, &table);
    for (int kind = 0; rc == KH_OK && kind < KH_DISCREPANCIES; kind++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%" PRIu64, of->counts[kind]);
        kh_text cells[] = {kh_text_of(kh_replay_kind((kh_discrepancy_kind)kind)), kh_text_of(number)};
        rc = kh_table_add(table, cells);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static kh_rc print_lines(const kh_replay_lines *lines, FILE *to)
{
    static const kh_table_column columns[] = {
        {"KEY", false}, {"WHAT", false}, {"STANDS", false}, {"WOULD BE", false}, {"WHY", false}};
    kh_table *table = NULL;
    uint64_t total = kh_comparison_total(lines->comparison);
    kh_rc rc = kh_table_new(to, columns, sizeof columns / sizeof *columns, &table);
    for (const kh_replay_line *line = lines->first; rc == KH_OK && line != NULL; line = line->next) {
        kh_text cells[] = {line->key, line->what, line->before, line->after, line->why};
        rc = kh_table_add(table, cells);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    if (rc == KH_OK && lines->kept < total) {
        (void)fprintf(to, "and %" PRIu64 " more; --limit shows more of them\n", total - lines->kept);
    }
    return rc;
}

/* ---- for programs ---- */

static kh_rc print_object(kh_json_line *line, FILE *to)
{
    kh_text out = {NULL, 0};
    kh_rc rc = kh_json_line_finish(line, &out);
    return rc == KH_OK && fprintf(to, "%.*s\n", KH_TEXT_ARGS(out)) < 0 ? KH_E_LOST : rc;
}

static kh_rc print_comparison(const kh_comparison *of, kh_arena *arena, FILE *to)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_open(line, "comparison", '{');
    kh_json_line_bool(line, "factsAlike", kh_comparison_facts_alike(of));
    kh_json_line_long(line, "subjects", (int64_t)of->subjects);
    kh_json_line_long(line, "differences", (int64_t)kh_comparison_total(of));
    kh_json_line_open(line, "counts", '{');
    for (int kind = 0; kind < KH_DISCREPANCIES; kind++) {
        kh_json_line_long(line, kh_discrepancy_name((kh_discrepancy_kind)kind), (int64_t)of->counts[kind]);
    }
    kh_json_line_close(line);
    kh_json_line_long(line, "onTheirWay", (int64_t)of->on_their_way);
    kh_json_line_long(line, "lanesSweeping", (int64_t)of->sweeping);
    kh_json_line_instant(line, "at", of->at);
    kh_json_line_open(line, "rules", '[');
    for (size_t i = 0; i < of->rule_count; i++) {
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "kind", kh_text_of(kh_rules_store_kind_name(of->rules[i].kind)));
        kh_json_line_text(line, "id", of->rules[i].id);
        kh_json_line_text(line, "liveSha256", of->rules[i].live_digest);
        kh_json_line_text(line, "replaySha256", of->rules[i].replay_digest);
        kh_json_line_bool(line, "given", of->rules[i].given);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_close(line);
    return print_object(line, to);
}

static kh_rc print_difference(const kh_replay_line *of, kh_arena *arena, FILE *to)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_open(line, "difference", '{');
    kh_json_line_text(line, "kind", kh_text_of(kh_discrepancy_name(of->kind)));
    kh_json_line_text(line, "key", of->key);
    kh_json_line_text(line, "what", of->what);
    kh_json_line_text(line, "stands", of->before);
    kh_json_line_text(line, "wouldBe", of->after);
    kh_json_line_text(line, "why", of->why);
    kh_json_line_close(line);
    return print_object(line, to);
}

kh_rc kh_replay_text_print(const kh_replay_lines *lines, bool json, FILE *to)
{
    if (!json) {
        print_head(lines->comparison, to);
        if (kh_comparison_total(lines->comparison) == 0) {
            return fputs("differences: none\n", to) < 0 ? KH_E_LOST : KH_OK;
        }
        kh_rc rc = print_counts(lines->comparison, to);
        return rc == KH_OK ? print_lines(lines, to) : rc;
    }
    kh_rc rc = print_comparison(lines->comparison, lines->arena, to);
    for (const kh_replay_line *line = lines->first; rc == KH_OK && line != NULL; line = line->next) {
        rc = print_difference(line, lines->arena, to);
    }
    return rc;
}
