#include "event_lines.h"

#include "codec/event_line.h"
#include "codec/store.h"

kh_event_rules event_rules(const kh_rule_book *book)
{
    static const kh_topic_owner owners[] = {{{"jp.label-events", 15}, {"JP", 2}}, {{"sg.label-events", 15}, {"SG", 2}}};
    return (kh_event_rules){.book = book, .owners = owners, .owner_count = 2, .max_bytes = 65536};
}

/* FNV-1a: tells subjects apart. */
static unsigned hash_of(const char *text)
{
    unsigned hash = 2166136261U;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    }
    return hash;
}

kh_text event_line(kh_arena *arena, const char *timestamp, const char *subject, unsigned revision,
                   const char *participant, const char *body)
{
    kh_text line = kh_arena_print(arena,
                                  "{\"topic\":\"%s.label-events\",\"timestamp\":\"%s\",\"event\":{\"id\":"
                                  "\"%08x-%04x-4000-8000-000000000000\",\"participant\":\"%s\",\"subject\":\"%s\","
                                  "\"revision\":%u,\"occurredAt\":\"2026-05-01T00:00:00Z\",%s}}",
                                  participant[0] == 'J' ? "jp" : "sg", timestamp, hash_of(subject) ^ hash_of(body),
                                  revision, participant, subject, revision, body);
    assert_true(line.length > 0);
    return line;
}

static const kh_event *read_event(core_state *core, kh_text line)
{
    kh_event_rules rules = event_rules(&core->book.book);
    kh_event *event = kh_arena_allocate(&core->arena, sizeof *event);
    kh_record record;
    kh_refusal refusal = {0};
    bool has_timestamp = false;
    assert_non_null(event);
    kh_rc rc = kh_event_line_read(line, rules.max_bytes, &core->arena, &record, &has_timestamp, &refusal);
    if (rc == KH_OK) {
        rc = kh_event_read(&rules, &record, -1, &core->arena, event, &refusal);
    }
    if (rc != KH_OK) {
        fail_msg("%.*s in %.*s", KH_TEXT_ARGS(refusal.detail), KH_TEXT_ARGS(line));
    }
    return event;
}

kh_subject subject_from(core_state *core, const char *key, const char *const *events)
{
    kh_subject subject = {.key = kh_text_of(key), .due_at = KH_INSTANT_NONE, .accepted = true};
    for (unsigned i = 0; events[i] != NULL; i++) {
        const char participant[] = {events[i][0], events[i][1], '\0'};
        const kh_event *event =
            read_event(core, event_line(&core->arena, "2026-06-01T00:00:00Z", key, i + 1, participant, events[i] + 2));
        kh_merge merge;
        assert_rc(kh_facts_merge(&subject.facts, event->participant, &event->statement, &core->arena, &merge), KH_OK);
        assert_true(merge.changed);
    }
    const kh_origin *origin = kh_facts_origin(&subject.facts, subject.key);
    subject.basis = origin == NULL ? (kh_text){"", 0} : origin->basis;
    return subject;
}

void publish_subject(core_state *core, kh_subject *subject, const char *at)
{
    kh_label_decision *decision = kh_arena_allocate(&core->arena, sizeof *decision);
    kh_key_state *state = kh_arena_allocate(&core->arena, sizeof *state);
    assert_true(decision != NULL && state != NULL);
    assert_rc(kh_label_decide(core_arrangement(core), subject->key, &subject->facts, NULL, kh_test_instant(at),
                              &core->arena, decision),
              KH_OK);
    const kh_text parts[] = {subject->key, KH_TEXT("@"), decision->status.host};
    *state = (kh_key_state){.key = kh_arena_join(&core->arena, parts, 3),
                            .kind = KH_RESULT_STATUS,
                            .version = 5,
                            .public_version = 2,
                            .seq = 41,
                            .status = &decision->status};
    subject->keys = state;
    subject->key_count = 1;
    subject->due_at = decision->due_at;
}

kh_stored_subject stored_from(core_state *core, const kh_subject *subject)
{
    kh_stored_subject row = {
        .key = subject->key, .known = true, .accepted = subject->accepted, .due_at = subject->due_at};
    assert_rc(kh_store_facts_encode(&subject->facts, &core->arena, &row.facts), KH_OK);
    assert_rc(kh_store_keys_encode(subject->keys, subject->key_count, &core->arena, &row.decisions), KH_OK);
    return row;
}
