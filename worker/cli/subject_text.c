#include "cli/subject_text.h"

#include <inttypes.h>

#include "cli/table.h"
#include "cli/words.h"
#include "codec/event_writer.h"
#include "codec/event_line.h"
#include "codec/json_line.h"

bool kh_subject_text_tells(const kh_subject_text *of, const kh_key_state *state)
{
    if (of->host.length == 0) {
        return state->kind != KH_RESULT_OBLIGATION_GONE;
    }
    switch (state->kind) {
    case KH_RESULT_STATUS:
        return kh_text_equal(state->status->host, of->host);
    case KH_RESULT_OBLIGATION:
        return kh_text_equal(state->obligation->host, of->host);
    case KH_RESULT_OBLIGATION_GONE:
    case KH_RESULT_DEAD_LETTER:
        break;
    }
    return false;
}

static void print_details(const kh_subject_text *of, const kh_status *status, FILE *out)
{
    const kh_details *details = status->details;
    if (details == NULL) {
        return;
    }
    kh_text from = kh_words_day(status->validity->from, "-", of->arena);
    kh_text until = kh_words_day(status->validity->until, "-", of->arena);
    (void)fprintf(out, "  %-14s %.*s: %.*s, by %.*s, held by %.*s\n", "label",
                  KH_TEXT_ARGS(details->registration_number), KH_TEXT_ARGS(details->product),
                  KH_TEXT_ARGS(details->maker), KH_TEXT_ARGS(details->holder));
    (void)fprintf(out, "  %-14s %.*s\n", "category", KH_TEXT_ARGS(details->category));
    for (uint32_t i = 0; i < details->model_count; i++) {
        (void)fprintf(out, "%s%.*s", i == 0 ? "  models         " : ", ", KH_TEXT_ARGS(details->models[i]));
    }
    (void)fprintf(out, "%s  %-14s %.*s to %.*s\n", details->model_count == 0 ? "" : "\n", "validity",
                  KH_TEXT_ARGS(from), KH_TEXT_ARGS(until));
}

static void print_conditions(const kh_status *status, FILE *out)
{
    if (status->recognised_level != 0) {
        (void)fprintf(out, "  %-14s %u, counts as %u there\n", "level", (unsigned)status->level,
                      (unsigned)status->recognised_level);
    } else if (status->level != 0) {
        (void)fprintf(out, "  %-14s %u\n", "level", (unsigned)status->level);
    }
    if (status->basis.length > 0) {
        (void)fprintf(out, "  %-14s %.*s, %s\n", "basis", KH_TEXT_ARGS(status->basis),
                      kh_words_basis(status->basis_state));
    }
    if (status->under_consultation) {
        (void)fprintf(out, "  %-14s under way (Art 3.5)\n", "consultation");
    }
    for (uint32_t i = 0; i < status->ground_count; i++) {
        (void)fprintf(out, "  %-14s %s\n", i == 0 ? "measure for" : "", kh_words_ground((kh_ground)status->grounds[i]));
    }
}

/* The rows of the tables, then what is to be translated. */
static kh_rc print_residual(const kh_subject_text *of, const kh_status *status, FILE *out)
{
    static const kh_table_column columns[] = {
        {"REQUIREMENT", false}, {"EQUIVALENCE", false}, {"NEEDS", false}, {"CITATION", false}};
    kh_residual_item *items = NULL;
    uint32_t count = 0;
    kh_table *table = NULL;
    kh_rc rc = kh_status_residual(status, of->arena, &items, &count);
    if (rc != KH_OK || status->outcome != KH_OUTCOME_RECOGNISED) {
        return rc;
    }
    (void)fprintf(out, "\nResidual assessment towards %.*s (%u need work)\n", KH_TEXT_ARGS(status->host),
                  (unsigned)kh_status_residual_open(status));
    rc = kh_table_new(out, columns, sizeof columns / sizeof *columns, &table);
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        kh_text cells[] = {items[i].requirement, kh_text_of(kh_words_equivalence(items[i].equivalence)),
                           kh_text_of(kh_words_need(items[i].need)), items[i].citation};
        rc = kh_table_add(table, cells);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    for (uint32_t i = 0; i < status->translation_count; i++) {
        (void)fprintf(out, "to translate into English: document %.*s\n", KH_TEXT_ARGS(status->translations[i]));
    }
    return rc;
}

static kh_rc print_status(const kh_subject_text *of, const kh_key_state *state, FILE *out)
{
    const kh_status *status = state->status;
    kh_text reasons = kh_words_reasons(status, of->arena);
    kh_text since = kh_words_instant(status->since, "always", of->arena);
    kh_text next = kh_words_instant(status->next_change_at, "only by new facts", of->arena);
    (void)fprintf(out, "\nTowards %.*s, under %.*s (rule pack %.*s)\n", KH_TEXT_ARGS(status->host),
                  KH_TEXT_ARGS(status->pack->arrangement), KH_TEXT_ARGS(status->pack->id));
    (void)fprintf(out, "  %-14s %s\n", "outcome", kh_words_outcome(status->outcome));
    if (reasons.length > 0) {
        (void)fprintf(out, "  %-14s %.*s\n", "because", KH_TEXT_ARGS(reasons));
    }
    (void)fprintf(out, "  %-14s %.*s\n  %-14s %.*s\n", "since", KH_TEXT_ARGS(since), "next change", KH_TEXT_ARGS(next));
    print_details(of, status, out);
    print_conditions(status, out);
    (void)fprintf(out, "  %-14s status %u", "published", (unsigned)state->version);
    if (state->public_version != 0) {
        (void)fprintf(out, ", public view %u", (unsigned)state->public_version);
    }
    (void)fprintf(out, " (versions)\n");
    return print_residual(of, status, out);
}

static void print_obligation(const kh_subject_text *of, const kh_key_state *state, FILE *out)
{
    const kh_obligation *due = state->obligation;
    (void)fprintf(out, "\nObligation %.*s: %s, %s%s (Art %.*s)\n", KH_TEXT_ARGS(state->key),
                  kh_words_obligation(due->kind), kh_words_obligation_state(due->state), due->late ? ", late" : "",
                  KH_TEXT_ARGS(kh_obligation_article(due->kind)));
    (void)fprintf(out, "  %-14s ", "owed by");
    for (uint32_t i = 0; i < due->obliged_count; i++) {
        (void)fprintf(out, "%s%.*s", i == 0 ? "" : " and ", KH_TEXT_ARGS(due->obliged[i]));
    }
    if (due->towards.length > 0) {
        (void)fprintf(out, " to %.*s", KH_TEXT_ARGS(due->towards));
    }
    (void)fprintf(out, "\n");
    const struct {
        const char *name;
        kh_day day;
    } days[] = {{"arose on", due->arose_on},
                {due->provisional ? "due on (prov.)" : "due on", due->due_on},
                {"earliest due", due->earliest_due_on},
                {"discharged on", due->discharged_on},
                {"confirmed on", due->confirmed_on}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        if (days[i].day != KH_DAY_NONE) {
            (void)fprintf(out, "  %-14s %.*s\n", days[i].name, KH_TEXT_ARGS(kh_words_day(days[i].day, "-", of->arena)));
        }
    }
}

static kh_rc add_fact(const kh_subject_text *of, kh_table *table, kh_text participant, const kh_statement *statement)
{
    char name[64];
    kh_event_body_name(statement->body.kind, name);
    kh_instant occurred = statement->occurred_seconds * 1000 + statement->occurred_nanos / 1000000;
    kh_text cells[] = {
        participant,
        kh_arena_print(of->arena, "%u", (unsigned)statement->revision),
        kh_text_of(name),
        kh_words_day(statement->body.day, "-", of->arena),
        kh_words_instant(occurred, "-", of->arena),
        statement->event_id,
    };
    return kh_arena_failed(of->arena) ? KH_E_MEMORY : kh_table_add(table, cells);
}

static kh_rc print_facts(const kh_subject_text *of, FILE *out)
{
    static const kh_table_column columns[] = {{"STATED BY", false},   {"REVISION", true},     {"STATEMENT", false},
                                              {"COUNTS FROM", false}, {"OCCURRED AT", false}, {"EVENT", false}};
    const kh_facts *facts = &of->subject->facts;
    kh_table *table = NULL;
    kh_rc rc = kh_table_new(out, columns, sizeof columns / sizeof *columns, &table);
    (void)fprintf(out, "\nFacts: the statements that still count\n");
    for (uint32_t i = 0; rc == KH_OK && i < facts->part_count; i++) {
        const kh_part *part = &facts->parts[i];
        for (uint32_t j = 0; rc == KH_OK && j < part->statement_count; j++) {
            rc = add_fact(of, table, part->participant, part->statements[j]);
        }
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static kh_text told_result(const kh_result *result)
{
    switch (result->kind) {
    case KH_RESULT_STATUS:
        return kh_text_of(kh_words_outcome(result->status->outcome));
    case KH_RESULT_OBLIGATION:
        return kh_text_of(kh_words_obligation_state(result->obligation->state));
    case KH_RESULT_OBLIGATION_GONE:
        return KH_TEXT("gone");
    case KH_RESULT_DEAD_LETTER:
        break;
    }
    return KH_TEXT("?");
}

static kh_rc add_history(const kh_subject_text *of, kh_table *table, const kh_history_entry *entry)
{
    const kh_result *result = &entry->result;
    const kh_cause *cause = &result->cause;
    kh_text because = kh_text_of(kh_words_trigger(cause->trigger));
    if (cause->topic.length > 0) {
        because = kh_arena_print(of->arena, "%.*s %.*s/%" PRId32 "/%" PRId64, KH_TEXT_ARGS(because),
                                 KH_TEXT_ARGS(cause->topic), cause->partition, cause->offset);
    }
    kh_text version = result->version == 0 ? KH_TEXT("-") : kh_arena_print(of->arena, "%u", (unsigned)result->version);
    kh_text cells[] = {
        result->key,
        version,
        told_result(result),
        kh_words_instant(result->decided_at, "-", of->arena),
        kh_words_instant(entry->recorded_at, "-", of->arena),
        because,
    };
    return kh_arena_failed(of->arena) ? KH_E_MEMORY : kh_table_add(table, cells);
}

static kh_rc print_history(const kh_subject_text *of, FILE *out)
{
    static const kh_table_column columns[] = {{"KEY", false},         {"VERSION", true},      {"RESULT", false},
                                              {"DECIDED FOR", false}, {"RECORDED AT", false}, {"BECAUSE OF", false}};
    kh_table *table = NULL;
    kh_rc rc = kh_table_new(out, columns, sizeof columns / sizeof *columns, &table);
    (void)fprintf(out, "\nNewest results\n");
    for (size_t i = 0; rc == KH_OK && i < of->history_count; i++) {
        rc = add_history(of, table, &of->history[i]);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

kh_rc kh_subject_text_print(const kh_subject_text *of, FILE *out)
{
    const kh_subject_view *subject = of->subject;
    kh_text at = kh_words_instant(subject->at, "no instant yet", of->arena);
    kh_rc rc = KH_OK;
    (void)fprintf(out, "%.*s, as of %.*s (lane %" PRId32 ")\n", KH_TEXT_ARGS(subject->key), KH_TEXT_ARGS(at),
                  subject->lane);
    for (uint32_t i = 0; rc == KH_OK && i < subject->key_count; i++) {
        if (subject->keys[i].kind == KH_RESULT_STATUS && kh_subject_text_tells(of, &subject->keys[i])) {
            rc = print_status(of, &subject->keys[i], out);
        }
    }
    for (uint32_t i = 0; i < subject->key_count; i++) {
        if (subject->keys[i].kind == KH_RESULT_OBLIGATION && kh_subject_text_tells(of, &subject->keys[i])) {
            print_obligation(of, &subject->keys[i], out);
        }
    }
    if (rc == KH_OK) {
        rc = print_facts(of, out);
    }
    if (rc == KH_OK && of->history_count > 0) {
        rc = print_history(of, out);
    }
    if (rc == KH_OK && kh_arena_failed(of->arena)) {
        rc = KH_E_MEMORY;
    }
    return rc == KH_OK && ferror(out) != 0 ? KH_E_LOST : rc;
}

/* ---- JSON ---- */

static kh_rc print_states(const kh_subject_text *of, kh_message_cache *cache, kh_result_kind kind,
                          kh_message_kind message, FILE *out)
{
    kh_rc rc = KH_OK;
    const char *comma = "";
    for (uint32_t i = 0; rc == KH_OK && i < of->subject->key_count; i++) {
        const kh_key_state *state = &of->subject->keys[i];
        kh_text line = {NULL, 0};
        if (state->kind != kind || !kh_subject_text_tells(of, state)) {
            continue;
        }
        kh_result result = kh_subject_view_result(of->subject, state);
        rc = kh_message_json(cache, &result, message, of->arena, &line);
        if (rc == KH_OK) {
            (void)fprintf(out, "%s%.*s", comma, KH_TEXT_ARGS(kh_json_unwrap(line)));
            comma = ",";
        }
    }
    return rc;
}

static kh_rc print_events(const kh_subject_text *of, FILE *out)
{
    const kh_facts *facts = &of->subject->facts;
    const char *comma = "";
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; i < facts->part_count; i++) {
        const kh_part *part = &facts->parts[i];
        for (uint32_t j = 0; rc == KH_OK && j < part->statement_count; j++) {
            kh_text bytes = {NULL, 0};
            kh_text json = {NULL, 0};
            rc = kh_event_write(part->participant, of->subject->key, part->statements[j], of->arena, &bytes);
            if (rc == KH_OK) {
                rc = kh_event_json(bytes, of->arena, &json);
            }
            (void)fprintf(out, "%s%.*s", comma, KH_TEXT_ARGS(json));
            comma = ",";
        }
    }
    return rc == KH_E_REFUSED ? KH_E_INTERNAL : rc; /* they were valid once */
}

kh_rc kh_subject_text_print_json(const kh_subject_text *of, kh_message_cache *cache, FILE *out)
{
    /* A key is printable ASCII: nothing else needs an escape. */
    (void)fprintf(out, "{\"subject\":\"");
    for (size_t i = 0; i < of->subject->key.length; i++) {
        char c = of->subject->key.data[i];
        (void)fprintf(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    (void)fprintf(out, "\"");
    if (of->subject->at != KH_INSTANT_NONE) {
        (void)fprintf(out, ",\"at\":\"%.*s\"", KH_TEXT_ARGS(kh_words_instant(of->subject->at, "", of->arena)));
    }
    (void)fprintf(out, ",\"statuses\":[");
    kh_rc rc = print_states(of, cache, KH_RESULT_STATUS, KH_MESSAGE_STATUS, out);
    (void)fprintf(out, "],\"obligations\":[");
    if (rc == KH_OK) {
        rc = print_states(of, cache, KH_RESULT_OBLIGATION, KH_MESSAGE_OBLIGATION, out);
    }
    (void)fprintf(out, "],\"facts\":[");
    if (rc == KH_OK) {
        rc = print_events(of, out);
    }
    (void)fprintf(out, "]}\n");
    return rc == KH_OK && ferror(out) != 0 ? KH_E_LOST : rc;
}
