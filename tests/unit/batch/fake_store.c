#include "fake_store.h"

#include <inttypes.h>
#include <stdio.h>

#include "support/case_render.h"
#include "support/kh_test.h"

kh_subject *fake_store_subject(fake_store *store, kh_text key)
{
    for (uint32_t i = 0; i < store->count; i++) {
        if (kh_text_equal(store->subjects[i].key, key)) {
            return &store->subjects[i];
        }
    }
    assert_true(store->count < FAKE_SUBJECTS);
    kh_subject *subject = &store->subjects[store->count++];
    *subject = (kh_subject){.key = key, .due_at = KH_INSTANT_NONE};
    return subject;
}

static kh_rc find_subject(void *self, kh_text key, kh_subject **out)
{
    *out = fake_store_subject(self, key);
    return KH_OK;
}

static kh_rc find_basis(void *self, kh_text key, const kh_facts **out)
{
    fake_store *store = self;
    *out = NULL;
    for (uint32_t i = 0; i < store->count; i++) {
        if (kh_text_equal(store->subjects[i].key, key)) {
            *out = &store->subjects[i].facts;
        }
    }
    return KH_OK;
}

static kh_rc find_dependents(void *self, kh_text key, kh_subject *const **out, uint32_t *count)
{
    fake_store *store = self;
    *count = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        kh_subject *subject = &store->subjects[i];
        if (!kh_text_equal(subject->basis, key)) {
            continue;
        }
        uint32_t place = (*count)++;
        while (place > 0 && kh_text_compare(store->dependents[place - 1]->key, subject->key) > 0) {
            store->dependents[place] = store->dependents[place - 1];
            place--;
        }
        store->dependents[place] = subject;
    }
    *out = store->dependents;
    return KH_OK;
}

static kh_rc find_due(void *self, kh_instant until, kh_subject **out)
{
    fake_store *store = self;
    *out = NULL;
    for (uint32_t i = 0; i < store->count; i++) {
        kh_subject *subject = &store->subjects[i];
        if (subject->due_at == KH_INSTANT_NONE || subject->due_at > until) {
            continue;
        }
        if (*out == NULL || subject->due_at < (*out)->due_at ||
            (subject->due_at == (*out)->due_at && kh_text_compare(subject->key, (*out)->key) < 0)) {
            *out = subject;
        }
    }
    return KH_OK;
}

static kh_rc note_decided(void *self, kh_subject *subject)
{
    fake_store *store = self;
    (void)subject;
    store->decided++;
    return KH_OK;
}

static void print_result(const kh_result *result, char *out)
{
    static const char *const triggers[] = {"", "EVENT", "TIME", "BASIS", "ARRANGEMENT"};
    static const char *const states[] = {"", "OPEN", "OVERDUE", "DISCHARGED"};
    const char *trigger = triggers[result->cause.trigger];
    switch (result->kind) {
    case KH_RESULT_STATUS:
        (void)snprintf(out, FAKE_LINE, "status %.*s %u/%u %" PRId64 " %s %s", KH_TEXT_ARGS(result->key),
                       result->version, result->public_version, result->previous_seq,
                       kh_case_outcome(result->status->outcome), trigger);
        return;
    case KH_RESULT_OBLIGATION:
        (void)snprintf(out, FAKE_LINE, "obligation %.*s %u %" PRId64 " %s %s", KH_TEXT_ARGS(result->key),
                       result->version, result->previous_seq, states[result->obligation->state], trigger);
        return;
    case KH_RESULT_OBLIGATION_GONE:
        (void)snprintf(out, FAKE_LINE, "gone %.*s %u %" PRId64 " %s", KH_TEXT_ARGS(result->key), result->version,
                       result->previous_seq, trigger);
        return;
    case KH_RESULT_DEAD_LETTER:
        (void)snprintf(out, FAKE_LINE, "dead %s", kh_refusal_name((int)result->refusal.code));
        return;
    }
}

static kh_rc take_result(void *self, const kh_result *result)
{
    fake_store *store = self;
    if (store->sink_answer != KH_OK) {
        return store->sink_answer;
    }
    assert_true(store->taken < FAKE_RESULTS);
    assert_int_equal(result->seq, store->taken); /* in order, none left out */
    assert_true(result->kind != KH_RESULT_DEAD_LETTER || result->refusal.detail.length > 0);
    store->results[store->taken] = *result;
    print_result(result, store->lines[store->taken++]);
    return KH_OK;
}

void fake_store_init(fake_store *store)
{
    *store = (fake_store){
        .store = {store, find_subject, find_basis, find_dependents, find_due, note_decided},
        .sink = {store, take_result},
    };
}

void fake_store_expect(fake_store *store, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        const char *actual = store->told < store->taken ? store->lines[store->told] : "nothing";
        if (strlen(actual) != length || memcmp(actual, lines, length) != 0) {
            fail_msg("result %u is \"%s\", expected \"%.*s\"", store->told, actual, (int)length, lines);
        }
        store->told++;
        lines += length + (lines[length] == '\n' ? 1 : 0);
    }
    if (store->told != store->taken) {
        fail_msg("one result more: \"%s\"", store->lines[store->told]);
    }
}
