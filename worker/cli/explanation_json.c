/* The same as explanation_text.c tells people, for their tools. */
#include "cli/explanation_text.h"

#include "codec/event_line.h"
#include "codec/event_writer.h"
#include "codec/json_line.h"

static kh_rc add_status(kh_json_line *line, const kh_result *status, kh_message_cache *cache, kh_arena *arena)
{
    kh_text json = KH_TEXT("");
    kh_rc rc = kh_message_json(cache, status, KH_MESSAGE_STATUS, arena, &json);
    if (rc == KH_OK) {
        kh_json_line_raw(line, "status", kh_json_unwrap(json));
    }
    return rc;
}

static kh_rc add_decided(const kh_explanation_text *of, kh_json_line *line, const kh_status *status, kh_instant at,
                         kh_message_cache *cache)
{
    kh_text parts[] = {status->label, KH_TEXT("@"), status->host};
    kh_result result = {.kind = KH_RESULT_STATUS,
                        .key = kh_arena_join(of->arena, parts, 3),
                        .subject = status->label,
                        .decided_at = at,
                        .status = status};
    return add_status(line, &result, cache, of->arena);
}

/* Events as `show` tells facts. */
static kh_rc add_facts(const kh_explanation_text *of, kh_json_line *line, const kh_finding *finding,
                       const kh_found *found)
{
    kh_rc rc = KH_OK;
    kh_json_line_open(line, "facts", '[');
    for (uint32_t i = 0; rc == KH_OK && i < found->fact_count; i++) {
        kh_text bytes = KH_TEXT("");
        kh_text json = KH_TEXT("");
        kh_text subject = finding->gate == KH_GATE_ARRANGEMENT ? of->about->arrangement.subject : of->about->label;
        rc = kh_event_write(found->facts[i].participant, subject, found->facts[i].statement, of->arena, &bytes);
        if (rc == KH_OK) {
            rc = kh_event_json(bytes, of->arena, &json);
        }
        kh_json_line_raw(line, NULL, json);
    }
    kh_json_line_close(line);
    return rc == KH_E_REFUSED ? KH_E_INTERNAL : rc; /* they were valid once */
}

static kh_rc add_found(const kh_explanation_text *of, kh_json_line *line, const kh_finding *finding,
                       const kh_found *found)
{
    kh_json_line_text(line, "kind", kh_text_of(kh_finding_name(found->kind)));
    kh_json_line_bool(line, "holds", found->reason == 0);
    kh_json_line_text(line, "sentence", kh_explanation_sentence(of, found));
    kh_json_line_day(line, "day", found->day);
    if (found->name.length > 0) {
        kh_json_line_text(line, "name", found->name);
    }
    return add_facts(of, line, finding, found);
}

static void add_remedy(const kh_explanation_text *of, kh_json_line *line, const kh_found *found)
{
    char name[64];
    kh_remedy remedy = kh_finding_remedy(found->kind);
    if (remedy.body == 0) {
        return;
    }
    kh_event_body_name(remedy.body, name);
    kh_json_line_open(line, "remedy", '{');
    kh_json_line_text(line, "statement", kh_text_of(name));
    kh_json_line_open(line, "participants", '[');
    for (uint32_t i = 0; remedy.body == KH_TERMINATION_WITHDRAWN && i < found->fact_count; i++) {
        kh_json_line_text(line, NULL, found->facts[i].participant);
    }
    if (remedy.body != KH_TERMINATION_WITHDRAWN) {
        kh_json_line_text(line, NULL,
                          remedy.by_host ? of->about->decision.status.host : kh_subject_participant(of->about->label));
    }
    kh_json_line_close(line);
    kh_json_line_text(line, "sentence", kh_explanation_remedy(of, found));
    kh_json_line_close(line);
}

static kh_rc add_finding(const kh_explanation_text *of, kh_json_line *line, const kh_finding *finding)
{
    kh_json_line_open(line, NULL, '{');
    kh_json_line_number(line, "gate", (int64_t)finding->gate);
    if (finding->article.length > 0) {
        kh_json_line_text(line, "article", finding->article);
    }
    kh_rc rc = add_found(of, line, finding, &finding->now);
    kh_json_line_instant(line, "changesAt", finding->changes_at);
    if (rc == KH_OK && finding->then.kind != KH_FINDING_NONE) {
        kh_json_line_open(line, "then", '{');
        rc = add_found(of, line, finding, &finding->then);
        kh_json_line_close(line);
    }
    add_remedy(of, line, &finding->now);
    kh_json_line_close(line);
    return rc;
}

static kh_rc add_findings(const kh_explanation_text *of, kh_json_line *line)
{
    kh_rc rc = KH_OK;
    kh_json_line_open(line, "findings", '[');
    for (uint32_t i = 0; rc == KH_OK && i < of->about->explanation.count; i++) {
        if (of->about->explanation.findings[i].now.kind != KH_FINDING_NONE) {
            rc = add_finding(of, line, &of->about->explanation.findings[i]);
        }
    }
    kh_json_line_close(line);
    return rc;
}

static kh_rc add_coming(const kh_explanation_text *of, kh_json_line *line, kh_message_cache *cache)
{
    kh_rc rc = KH_OK;
    kh_json_line_open(line, "coming", '[');
    for (uint32_t i = 0; rc == KH_OK && i < of->about->coming_count; i++) {
        kh_changes changes;
        kh_explanation_step(of, i, &changes);
        if (changes.count == 0) {
            continue;
        }
        kh_json_line_open(line, NULL, '{');
        kh_json_line_instant(line, "at", of->about->coming[i].at);
        kh_json_line_open(line, "changes", '[');
        for (uint32_t j = 0; j < changes.count; j++) {
            kh_json_line_text(line, NULL, kh_change_told(&changes, &changes.items[j]));
        }
        kh_json_line_close(line);
        rc = add_decided(of, line, &of->about->coming[i].decision.status, of->about->coming[i].at, cache);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_json_line_bool(line, "comingMore", of->about->coming_more);
    kh_json_line_instant(line, "blockedFrom", of->about->blocked_from);
    return rc;
}

/* What stands about an obligation beside the status; its message has the rest once it is published. */
static void add_obligation(kh_json_line *line, const kh_obligation *obligation)
{
    kh_json_line_open(line, NULL, '{');
    kh_json_line_text(line, "kind", kh_obligation_kind_name(obligation->kind));
    kh_json_line_text(line, "article", kh_obligation_article(obligation->kind));
    kh_json_line_text(
        line, "state",
        kh_text_of(kh_message_word(KH_ENGLISH, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, (int)obligation->state)));
    kh_json_line_open(line, "obliged", '[');
    for (uint32_t i = 0; i < obligation->obliged_count; i++) {
        kh_json_line_text(line, NULL, obligation->obliged[i]);
    }
    kh_json_line_close(line);
    kh_json_line_day(line, "aroseOn", obligation->arose_on);
    kh_json_line_day(line, "dueOn", obligation->due_on);
    kh_json_line_day(line, "dischargedOn", obligation->discharged_on);
    kh_json_line_close(line);
}

static void add_obligations(const kh_explanation_text *of, kh_json_line *line)
{
    const kh_label_decision *decision = &of->about->decision;
    kh_json_line_open(line, "obligations", '[');
    if (decision->has_consultation) {
        add_obligation(line, &decision->consultation);
    }
    if (decision->has_notice) {
        add_obligation(line, &decision->notice);
    }
    kh_json_line_close(line);
}

static kh_text known_by(const kh_explanation_text *of)
{
    return of->known_by == KH_M_AT_FILES ? KH_TEXT("FILES")
           : of->known_by == KH_M_AT_NOW ? KH_TEXT("DATABASE")
                                         : KH_TEXT("RECORDS");
}

kh_rc kh_explanation_text_json(const kh_explanation_text *of, kh_message_cache *cache, kh_text *out)
{
    const kh_status *status = &of->about->decision.status;
    kh_json_line *line = kh_json_line_new(of->arena);
    kh_json_line_open(line, "explanation", '{');
    kh_json_line_text(line, "label", status->label);
    kh_json_line_text(line, "host", status->host);
    kh_json_line_text(line, "arrangement", status->pack->arrangement);
    kh_json_line_instant(line, "at", of->about->at);
    kh_json_line_text(line, "knownBy", known_by(of));
    kh_json_line_instant(line, "knownAt", of->known_at);
    kh_json_line_number(line, "refusedRecords", of->refused);
    kh_json_line_bool(line, "publishedIsOlder", of->published != NULL);
    kh_json_line_text(line, "sentence", kh_explanation_means(of->language, status, of->arena));
    kh_rc rc = add_decided(of, line, status, of->about->at, cache);
    if (rc == KH_OK) {
        rc = add_findings(of, line);
    }
    add_obligations(of, line);
    if (rc == KH_OK) {
        rc = add_coming(of, line, cache);
    }
    kh_json_line_close(line);
    return rc == KH_OK ? kh_json_line_finish(line, out) : rc;
}

kh_rc kh_stood_text_json(const kh_history_entry *entry, kh_instant known_at, kh_message_cache *cache, kh_arena *arena,
                         kh_text *out)
{
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_open(line, "stood", '{');
    kh_json_line_instant(line, "knownAt", known_at);
    kh_json_line_instant(line, "recordedAt", entry->recorded_at);
    kh_rc rc = add_status(line, &entry->result, cache, arena);
    kh_json_line_close(line);
    return rc == KH_OK ? kh_json_line_finish(line, out) : rc;
}
