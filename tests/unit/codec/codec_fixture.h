/* A small rule book, and records from JSON: what the tests of the codec share. */
#ifndef CODEC_FIXTURE_H
#define CODEC_FIXTURE_H

#include <stdio.h>

#include "codec/event_line.h"
#include "codec/event_reader.h"
#include "support/kh_test.h"

#define FIXTURE_UUID   "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
#define FIXTURE_DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const kh_text FIXTURE_CATEGORIES[] = {{"general-iot", 11}, {"home-gateway", 12}};

static const kh_requirement FIXTURE_A1[] = {{{"1", 1}, KH_EQUIVALENCE_FULL, {"A-1/1", 5}},
                                            {{"6", 1}, KH_EQUIVALENCE_NONE, {"A-1/6", 5}}};
static const kh_requirement FIXTURE_A2[] = {{{"5.1-1", 5}, KH_EQUIVALENCE_FULL, {"A-2/5.1-1", 9}},
                                            {{"5.3-7", 5}, KH_EQUIVALENCE_PARTIAL, {"A-2/5.3-7", 9}}};
static const kh_requirement FIXTURE_B[] = {{{"7.3-1", 5}, KH_EQUIVALENCE_NONE, {"B/7.3-1", 7}}};
static const kh_table FIXTURE_TABLES[] = {
    {{"A-1", 3}, {"SG", 2}, {"JP", 2}, NULL, 0, FIXTURE_A1, 2},
    {{"A-2", 3}, {"JP", 2}, {"SG", 2}, NULL, 0, FIXTURE_A2, 2},
    {{"B", 1}, {"JP", 2}, {"SG", 2}, &FIXTURE_CATEGORIES[1], 1, FIXTURE_B, 1},
};

#define FIXTURE_PARTICIPANT(code, who, what, offset)                                                                   \
    {                                                                                                                  \
        .id = {code, 2}, .authority = {who, sizeof who - 1}, .scheme = {what, sizeof what - 1}, .level_first = 1,      \
        .level_last = 4, .baseline_level = 1, .utc_offset_minutes = (offset), .calendar = {code, 2},                   \
        .categories = FIXTURE_CATEGORIES, .category_count = 2                                                          \
    }

static const kh_rule_pack FIXTURE_JP_SG = {
    .id = {"jp-sg-1", 7},
    .arrangement = {"jp-sg", 5},
    .sha256 = {FIXTURE_DIGEST, 64},
    .effective_from = 20605, /* 2026-06-01 */
    .term_years = 3,
    .termination_notice_months = 6,
    .revocation_notice_business_days = 30,
    .consultation_months = 12,
    .participants = {FIXTURE_PARTICIPANT("JP", "METI", "JC-STAR", 540), FIXTURE_PARTICIPANT("SG", "CSA", "CLS", 480)},
    .tables = FIXTURE_TABLES,
    .table_count = 3,
};
/* A second arrangement: its other participant has nothing to say about labels of JP. */
static const kh_rule_pack FIXTURE_KR_SG = {
    .id = {"kr-sg-1", 7},
    .arrangement = {"kr-sg", 5},
    .sha256 = {"f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64},
    .effective_from = 20605,
    .term_years = 3,
    .termination_notice_months = 6,
    .revocation_notice_business_days = 30,
    .consultation_months = 12,
    .participants = {FIXTURE_PARTICIPANT("KR", "KISA", "CIC", 540), FIXTURE_PARTICIPANT("SG", "CSA", "CLS", 480)},
};
static const kh_rule_pack *const FIXTURE_PACKS[] = {&FIXTURE_JP_SG, &FIXTURE_KR_SG};
static const kh_rule_book FIXTURE_BOOK = {.packs = FIXTURE_PACKS, .pack_count = 2};
static const kh_topic_owner FIXTURE_OWNERS[] = {
    {{"jp.label-events", 15}, {"JP", 2}}, {{"sg.label-events", 15}, {"SG", 2}}, {{"kr.label-events", 15}, {"KR", 2}}};
static const kh_event_rules FIXTURE_RULES = {.book = &FIXTURE_BOOK,
                                             .owners = FIXTURE_OWNERS,
                                             .owner_count = 3,
                                             .max_bytes = KH_EVENT_MAX_BYTES,
                                             .partition_count = 12};

/*! The text with ' for ", which C would have to escape. */
static inline kh_text fixture_json(kh_arena *arena, const char *text)
{
    kh_text json = {NULL, 0};
    assert_rc(kh_arena_copy_text(arena, kh_text_of(text), &json), KH_OK);
    for (char *c = (char *)(uintptr_t)json.data; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return json;
}

/*! A record of the topic with that event, keyed by its subject. */
static inline kh_record fixture_record(kh_arena *arena, const char *topic, const char *event)
{
    kh_text line = kh_arena_print(arena, "{'topic':'%s','timestamp':'2026-06-02T01:00:00Z','event':%s}", topic, event);
    kh_record record;
    bool has_timestamp = false;
    kh_refusal refusal = {KH_REFUSAL_NONE, KH_TEXT("")};
    kh_rc rc = kh_event_line_read(fixture_json(arena, line.data), KH_EVENT_MAX_BYTES, arena, &record, &has_timestamp,
                                  &refusal);
    if (rc != KH_OK) {
        fail_msg("%s: %.*s", event, KH_TEXT_ARGS(refusal.detail));
    }
    return record;
}

static inline void fixture_contains(kh_text text, const char *part)
{
    if (memmem(text.data, text.length, part, strlen(part)) == NULL) {
        fail_msg("\"%.*s\" does not say \"%s\"", KH_TEXT_ARGS(text), part);
    }
}

#define FIXTURE_DETAILS                                                                                                \
    "'details':{'registrationNumber':'CSA-1','level':2,'category':'general-iot','product':'P','maker':'M',"            \
    "'holder':'H','models':['M1','M2']}"
#define FIXTURE_VALIDITY "'validity':{'validFrom':'2026-06-01','validUntil':'2028-05-31'}"
/*! An event of a participant about a subject. */
#define FIXTURE_EVENT(participant, subject, body)                                                                      \
    "{'id':'" FIXTURE_UUID "','participant':'" participant "','subject':'" subject                                     \
    "','revision':3,'occurredAt':'2026-06-02T00:59:59.5Z'," body "}"

#endif
