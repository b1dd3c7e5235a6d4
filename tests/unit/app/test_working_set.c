#include "app/working_set.h"

#include <stdio.h>

#include "codec/store.h"
#include "event_lines.h"

#define ROWS_MAX 16
#define LATE     INT64_C(1000000)

/* A source that counts what it is asked. */
typedef struct fake_source {
    kh_subject_source source;
    kh_stored_subject rows[ROWS_MAX];
    kh_text bases[ROWS_MAX];
    size_t count;
    kh_text other_key; /* a label of another lane, and its facts */
    kh_text other_facts;
    kh_stored_subject found[4][ROWS_MAX]; /* what the calls gave: lives as long as the working set */
    unsigned calls;
    unsigned reads;
    unsigned basis_reads;
    unsigned dependents_reads;
    unsigned due_reads;
    kh_instant after;
    kh_instant until;
    size_t limit;
    kh_rc answer;
} fake_source;

typedef struct set_state {
    core_state *core;
    fake_source from;
    kh_working_set *set;
    const kh_store *store;
} set_state;

static kh_rc fake_read(void *self, kh_text key, kh_stored_subject *out)
{
    fake_source *from = self;
    from->reads++;
    for (size_t i = 0; i < from->count; i++) {
        if (kh_text_equal(from->rows[i].key, key)) {
            *out = from->rows[i];
            return from->answer;
        }
    }
    *out = (kh_stored_subject){.key = key, .due_at = KH_INSTANT_NONE};
    return from->answer;
}

static kh_rc fake_read_basis(void *self, kh_text key, kh_text *facts)
{
    fake_source *from = self;
    from->basis_reads++;
    *facts = kh_text_equal(key, from->other_key) ? from->other_facts : (kh_text){"", 0};
    return from->answer;
}

static kh_rc fake_read_dependents(void *self, kh_text key, kh_stored_subject **out, size_t *count)
{
    fake_source *from = self;
    from->dependents_reads++;
    assert_true(from->calls < 4);
    *out = from->found[from->calls++];
    *count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (kh_text_equal(from->bases[i], key)) {
            (*out)[(*count)++] = from->rows[i];
        }
    }
    return from->answer;
}

static bool is_before(const kh_stored_subject *a, const kh_stored_subject *b)
{
    return a->due_at != b->due_at ? a->due_at < b->due_at : kh_text_compare(a->key, b->key) < 0;
}

static kh_rc fake_read_due(void *self, kh_instant after, kh_instant until, size_t limit, kh_stored_subject **out,
                           size_t *count)
{
    fake_source *from = self;
    from->due_reads++;
    from->after = after;
    from->until = until;
    from->limit = limit;
    assert_true(from->calls < 4);
    *out = from->found[from->calls++];
    *count = 0;
    for (size_t i = 0; i < from->count; i++) {
        const kh_stored_subject *row = &from->rows[i];
        if (row->due_at == KH_INSTANT_NONE || row->due_at > until || row->due_at <= after) {
            continue;
        }
        size_t place = (*count)++;
        for (; place > 0 && is_before(row, &(*out)[place - 1]); place--) {
            (*out)[place] = (*out)[place - 1];
        }
        (*out)[place] = *row;
    }
    *count = *count < limit ? *count : limit;
    return from->answer;
}

static void begin(set_state *of, kh_instant due_until, uint32_t due_limit)
{
    of->set = kh_working_set_new(&of->core->arena, &of->core->book.book, &of->from.source, due_until, due_limit);
    assert_non_null(of->set);
    of->store = kh_working_set_store(of->set);
}

static int setup(void **state)
{
    set_state *of = calloc(1, sizeof *of);
    void *core = NULL;
    if (of == NULL || core_setup(&core) != 0) {
        return -1;
    }
    of->core = core;
    of->from.source = (kh_subject_source){&of->from, fake_read, fake_read_basis, fake_read_dependents, fake_read_due};
    begin(of, LATE, 100);
    *state = of;
    return 0;
}

static int teardown(void **state)
{
    set_state *of = *state;
    void *core = of->core;
    free(of);
    return core_teardown(&core);
}

/* A row without facts or decisions. */
static void store_plain(set_state *of, const char *key, kh_instant due_at)
{
    assert_true(of->from.count < ROWS_MAX);
    of->from.rows[of->from.count++] =
        (kh_stored_subject){.key = kh_text_of(key), .known = true, .accepted = true, .due_at = due_at};
}

/* A row of a label that is derived from JP/7. */
static void store_derived(set_state *of, const char *key)
{
    static const char *const events[] = {"SG" DERIVED("2026-06-01", "2028-05-31", "JP/7"), NULL};
    kh_subject subject = subject_from(of->core, key, events);
    assert_true(of->from.count < ROWS_MAX);
    of->from.bases[of->from.count] = subject.basis;
    of->from.rows[of->from.count++] = stored_from(of->core, &subject);
}

static kh_subject *subject(set_state *of, const char *key)
{
    kh_subject *found = NULL;
    assert_rc(of->store->subject(of->store->self, kh_text_of(key), &found), KH_OK);
    assert_text(found->key, key);
    return found;
}

static void move(set_state *of, const char *key, kh_instant due_at)
{
    kh_subject *moved = subject(of, key);
    moved->due_at = due_at;
    assert_rc(of->store->decided(of->store->self, moved), KH_OK);
}

/* The next that is due by then, "" for none. */
static void assert_due(set_state *of, kh_instant until, const char *key)
{
    kh_subject *due = NULL;
    assert_rc(of->store->due(of->store->self, until, &due), KH_OK);
    assert_text(due == NULL ? KH_TEXT("") : due->key, key);
}

static void assert_dependents(set_state *of, const char *key, const char *expected)
{
    kh_subject *const *list = NULL;
    uint32_t count = 0;
    char found[256] = "";
    size_t used = 0;
    assert_rc(of->store->dependents(of->store->self, kh_text_of(key), &list, &count), KH_OK);
    for (uint32_t i = 0; i < count; i++) {
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.*s", i == 0 ? "" : " ",
                                 KH_TEXT_ARGS(list[i]->key));
    }
    assert_string_equal(found, expected);
}

static void a_row_is_read_once(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/1", 77);
    kh_subject *first = subject(of, "SG/1");
    assert_true(first->accepted && !first->changed && !first->facts_changed);
    assert_int_equal(first->due_at, 77);
    assert_ptr_equal(subject(of, "SG/1"), first);
    assert_int_equal(of->from.reads, 1);
}

static void what_has_no_row_is_new_and_asked_for_once(void **state)
{
    set_state *of = *state;
    kh_subject *first = subject(of, "SG/1");
    assert_true(!first->accepted && !first->changed && first->facts.part_count == 0 && first->key_count == 0);
    assert_int_equal(first->due_at, KH_INSTANT_NONE);
    assert_text(first->basis, "");
    assert_ptr_equal(subject(of, "SG/1"), first);
    assert_int_equal(of->from.reads, 1);
}

static void it_decodes_what_a_row_holds(void **state)
{
    set_state *of = *state;
    static const char *const events[] = {"SG" DERIVED("2026-06-01", "2028-05-31", "JP/7"), NULL};
    kh_subject published = subject_from(of->core, "SG/1", events);
    publish_subject(of->core, &published, "2026-07-01@JP");
    of->from.rows[of->from.count++] = stored_from(of->core, &published);
    kh_subject *read = subject(of, "SG/1");
    assert_true(kh_test_facts_same(&read->facts, &published.facts));
    assert_text(read->basis, "JP/7");
    assert_int_equal(read->key_count, 1);
    assert_text(read->keys[0].key, "SG/1@JP");
    assert_int_equal(read->keys[0].seq, 41);
    assert_true(kh_status_same(read->keys[0].status, published.keys[0].status));
    assert_int_equal(read->due_at, published.due_at);
}

static void what_was_read_ahead_is_not_read_again(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/1", 5);
    kh_stored_subject ahead = {.key = KH_TEXT("SG/1"), .known = true, .accepted = true, .due_at = 6};
    assert_rc(kh_working_set_add(of->set, &ahead), KH_OK);
    assert_int_equal(subject(of, "SG/1")->due_at, 6);
    move(of, "SG/1", 9);
    assert_rc(kh_working_set_add(of->set, &ahead), KH_OK); /* held already: left as it is */
    assert_int_equal(subject(of, "SG/1")->due_at, 9);
    assert_int_equal(of->from.reads, 0);
    assert_rc(kh_working_set_has_dependents(of->set, KH_TEXT("SG/1")), KH_OK);
    assert_dependents(of, "SG/1", "");
    assert_int_equal(of->from.dependents_reads, 0);
}

static void what_is_due_comes_by_instant_then_key(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/3", 100);
    store_plain(of, "SG/2", 200);
    store_plain(of, "SG/1", 100);
    store_plain(of, "SG/4", KH_INSTANT_NONE);
    assert_due(of, 99, "");
    assert_due(of, 100, "SG/1");
    assert_due(of, 500, "SG/1"); /* stays until it is decided */
    move(of, "SG/1", 150);
    assert_due(of, 500, "SG/3");
    move(of, "SG/3", KH_INSTANT_NONE);
    assert_due(of, 500, "SG/1");
    move(of, "SG/1", 200);
    assert_due(of, 500, "SG/1");
    move(of, "SG/1", 201);
    assert_due(of, 500, "SG/2");
    move(of, "SG/9", 50); /* one that this batch has made */
    assert_due(of, 500, "SG/9");
    assert_due(of, 49, "");
    assert_int_equal(of->from.due_reads, 1);
    assert_int_equal(of->from.until, LATE);
    assert_int_equal(of->from.after, KH_INSTANT_NONE);
}

static void a_row_that_is_held_is_not_what_the_source_says(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/1", 100);
    store_plain(of, "SG/2", 300);
    move(of, "SG/1", 400);
    move(of, "SG/2", KH_INSTANT_NONE);
    assert_due(of, 399, "");
    assert_due(of, 400, "SG/1");
}

static void it_reads_as_many_as_may_be_due(void **state)
{
    set_state *of = *state;
    static const char *const keys[] = {"SG/1", "SG/2", "SG/3", "SG/4", "SG/5"};
    for (size_t i = 0; i < 5; i++) {
        store_plain(of, keys[i], 100);
    }
    begin(of, 100, 2);
    (void)subject(of, "other");
    kh_subject *due = NULL;
    assert_rc(of->store->due(of->store->self, 100, &due), KH_OK);
    assert_non_null(due);
    assert_int_equal(of->from.limit, 2 + 1 + 1); /* the budget, the one held, and one to see that more is due */
}

static void after_the_budget_something_due_is_still_seen(void **state)
{
    set_state *of = *state;
    static const char *const keys[] = {"SG/1", "SG/2", "SG/3", "SG/4", "SG/5"};
    for (size_t i = 0; i < 5; i++) {
        store_plain(of, keys[i], 100);
    }
    begin(of, 100, 2);
    move(of, "SG/1", KH_INSTANT_NONE); /* held, and not due any more, but the source gives it first */
    for (int budget = 2; budget > 0; budget--) {
        kh_subject *due = NULL;
        assert_rc(of->store->due(of->store->self, 100, &due), KH_OK);
        assert_non_null(due);
        due->due_at = KH_INSTANT_NONE;
        assert_rc(of->store->decided(of->store->self, due), KH_OK);
    }
    assert_due(of, 100, "SG/4");
}

static void later_instants_are_read_when_they_are_asked_for(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/1", 100);
    store_plain(of, "SG/2", 200);
    store_plain(of, "SG/3", 300);
    begin(of, 100, 100);
    assert_due(of, 50, "");
    assert_int_equal(of->from.until, 100);
    assert_due(of, 100, "SG/1");
    assert_int_equal(of->from.due_reads, 1);
    move(of, "SG/1", 250);
    assert_due(of, 200, "SG/2");
    assert_int_equal(of->from.due_reads, 2);
    assert_int_equal(of->from.after, 100);
    assert_int_equal(of->from.until, 200);
    move(of, "SG/2", KH_INSTANT_NONE);
    assert_due(of, 300, "SG/1");
    assert_due(of, 150, "");
    assert_int_equal(of->from.due_reads, 3);
}

static void dependents_are_the_stored_and_the_new_ascending(void **state)
{
    set_state *of = *state;
    store_derived(of, "SG/5");
    store_derived(of, "SG/10");
    store_plain(of, "JP/7", KH_INSTANT_NONE);
    kh_subject *new = subject(of, "SG/20");
    new->basis = KH_TEXT("JP/7");
    assert_rc(of->store->decided(of->store->self, new), KH_OK);
    assert_dependents(of, "JP/7", "SG/10 SG/20 SG/5");
    kh_subject *gone = subject(of, "SG/10");
    gone->basis = KH_TEXT("JP/70");
    assert_rc(of->store->decided(of->store->self, gone), KH_OK);
    assert_dependents(of, "JP/7", "SG/20 SG/5");
    assert_int_equal(of->from.dependents_reads, 1);
    assert_dependents(of, "JP/70", "SG/10");
    gone->basis = (kh_text){"", 0};
    assert_rc(of->store->decided(of->store->self, gone), KH_OK);
    assert_dependents(of, "JP/70", "");
    assert_dependents(of, "JP/", "");
}

static void a_dependent_that_is_held_is_as_the_batch_left_it(void **state)
{
    set_state *of = *state;
    store_derived(of, "SG/5");
    kh_subject *held = subject(of, "SG/5");
    held->basis = (kh_text){"", 0};
    assert_rc(of->store->decided(of->store->self, held), KH_OK);
    assert_dependents(of, "JP/7", "");
}

static void a_basis_of_this_lane_is_as_the_batch_left_it(void **state)
{
    set_state *of = *state;
    static const char *const events[] = {"JP" ISSUED("2026-06-01", "2028-05-31", ""), NULL};
    kh_subject *own = subject(of, "JP/7");
    own->facts = subject_from(of->core, "JP/7", events).facts;
    const kh_facts *facts = NULL;
    assert_rc(of->store->basis(of->store->self, KH_TEXT("JP/7"), &facts), KH_OK);
    assert_ptr_equal(facts, &own->facts);
    assert_int_equal(of->from.basis_reads, 0);
}

static void a_basis_of_another_lane_is_read_once(void **state)
{
    set_state *of = *state;
    static const char *const events[] = {"JP" ISSUED("2026-06-01", "2028-05-31", ""), NULL};
    kh_subject other = subject_from(of->core, "JP/7", events);
    of->from.other_key = other.key;
    of->from.other_facts = stored_from(of->core, &other).facts;
    for (int i = 0; i < 2; i++) {
        const kh_facts *facts = NULL;
        assert_rc(of->store->basis(of->store->self, KH_TEXT("JP/7"), &facts), KH_OK);
        assert_true(facts != NULL && kh_test_facts_same(facts, &other.facts));
        assert_rc(of->store->basis(of->store->self, KH_TEXT("JP/8"), &facts), KH_OK);
        assert_null(facts); /* nothing is known of it */
    }
    assert_int_equal(of->from.basis_reads, 2);
    assert_int_equal(of->from.reads, 0);
    assert_rc(kh_working_set_add_basis(of->set, KH_TEXT("JP/9"), of->from.other_facts), KH_OK);
    assert_rc(kh_working_set_add_basis(of->set, KH_TEXT("JP/9"), (kh_text){"", 0}), KH_OK);
    const kh_facts *ahead = NULL;
    assert_rc(of->store->basis(of->store->self, KH_TEXT("JP/9"), &ahead), KH_OK);
    assert_true(ahead != NULL && kh_test_facts_same(ahead, &other.facts));
    assert_int_equal(of->from.basis_reads, 2);
}

static void a_basis_under_no_arrangement_of_ours_is_none(void **state)
{
    set_state *of = *state;
    store_derived(of, "SG/5");
    kh_rule_book none = of->core->book.book;
    none.pack_count = 0;
    of->set = kh_working_set_new(&of->core->arena, &none, &of->from.source, LATE, 1);
    of->store = kh_working_set_store(of->set);
    assert_text(subject(of, "SG/5")->basis, "");
}

typedef struct writing {
    char found[256];
    size_t used;
    unsigned stop_at; /* the n-th answers with KH_E_RETRY */
    unsigned calls;
} writing;

static kh_rc note_written(void *self, kh_subject *written, bool known)
{
    writing *of = self;
    assert_true(written->changed);
    of->used += (size_t)snprintf(of->found + of->used, sizeof of->found - of->used, "%s%.*s%s",
                                 of->used == 0 ? "" : " ", KH_TEXT_ARGS(written->key), known ? "" : "(new)");
    return ++of->calls == of->stop_at ? KH_E_RETRY : KH_OK;
}

static void what_changed_is_written_ascending(void **state)
{
    set_state *of = *state;
    store_plain(of, "SG/2", KH_INSTANT_NONE);
    store_plain(of, "SG/3", KH_INSTANT_NONE);
    static const char *const changed[] = {"SG/30", "SG/2", "JP/1"};
    (void)subject(of, "SG/3");
    (void)subject(of, "JP/2");
    for (size_t i = 0; i < 3; i++) {
        subject(of, changed[i])->changed = true;
    }
    writing all = {0};
    assert_rc(kh_working_set_write(of->set, note_written, &all), KH_OK);
    assert_string_equal(all.found, "JP/1(new) SG/2 SG/30(new)");
    writing two = {.stop_at = 2};
    assert_rc(kh_working_set_write(of->set, note_written, &two), KH_E_RETRY);
    assert_string_equal(two.found, "JP/1(new) SG/2");
}

static void what_the_source_says_is_passed_on(void **state)
{
    set_state *of = *state;
    kh_subject *found = NULL;
    const kh_facts *facts = NULL;
    kh_subject *const *list = NULL;
    uint32_t count = 0;
    (void)subject(of, "SG/1");
    of->from.answer = KH_E_LOST;
    assert_rc(of->store->subject(of->store->self, KH_TEXT("SG/2"), &found), KH_E_LOST);
    assert_rc(of->store->basis(of->store->self, KH_TEXT("JP/1"), &facts), KH_E_LOST);
    assert_rc(of->store->dependents(of->store->self, KH_TEXT("SG/1"), &list, &count), KH_E_LOST);
    assert_rc(of->store->due(of->store->self, 1, &found), KH_E_LOST);
    assert_rc(kh_working_set_has_dependents(of->set, KH_TEXT("SG/2")), KH_E_LOST);
}

static void a_row_that_nobody_wrote_is_refused(void **state)
{
    set_state *of = *state;
    kh_stored_subject bad = {.key = KH_TEXT("SG/1"), .known = true, .facts = KH_TEXT("\x01"), .due_at = 1};
    assert_rc(kh_working_set_add(of->set, &bad), KH_E_INTERNAL);
    assert_rc(kh_working_set_add_basis(of->set, KH_TEXT("JP/1"), bad.facts), KH_E_INTERNAL);
    bad.facts = (kh_text){"", 0};
    bad.decisions = KH_TEXT("\x01");
    assert_rc(kh_working_set_add(of->set, &bad), KH_E_INTERNAL);
    assert_due(of, LATE, ""); /* nothing of it is left */
    static const char *const events[] = {"SG" ISSUED("2026-06-01", "2028-05-31", ""), NULL};
    kh_subject published = subject_from(of->core, "SG/2", events);
    publish_subject(of->core, &published, "2026-07-01@JP");
    kh_stored_subject row = stored_from(of->core, &published);
    kh_text digest = of->core->book.packs[0].sha256;
    of->core->book.packs[0].sha256 = of->core->book.packs[1].sha256;
    assert_rc(kh_working_set_add(of->set, &row), KH_E_CONFIGURATION);
    of->core->book.packs[0].sha256 = digest;
    assert_rc(kh_working_set_add(of->set, &row), KH_OK);
}

/* Everything that can need memory. */
static kh_rc use_all(set_state *of, kh_arena *arena)
{
    kh_subject *found = NULL;
    kh_subject *const *list = NULL;
    const kh_facts *facts = NULL;
    uint32_t count = 0;
    of->from.calls = 0;
    kh_working_set *set = kh_working_set_new(arena, &of->core->book.book, &of->from.source, LATE, 100);
    if (set == NULL) {
        return KH_E_MEMORY;
    }
    const kh_store *store = kh_working_set_store(set);
    kh_rc rc = kh_working_set_add(set, &of->from.rows[0]);
    rc = rc == KH_OK ? store->subject(store->self, KH_TEXT("SG/new"), &found) : rc;
    rc = rc == KH_OK ? store->basis(store->self, KH_TEXT("JP/8"), &facts) : rc;
    rc = rc == KH_OK ? kh_working_set_add_basis(set, KH_TEXT("JP/9"), of->from.rows[0].facts) : rc;
    rc = rc == KH_OK ? store->dependents(store->self, KH_TEXT("JP/7"), &list, &count) : rc;
    return rc == KH_OK ? store->due(store->self, LATE, &found) : rc;
}

static void memory_may_be_out_anywhere(void **state)
{
    set_state *of = *state;
    static const char *const events[] = {"SG" DERIVED("2026-06-01", "2028-05-31", "JP/7"), NULL};
    kh_subject published = subject_from(of->core, "SG/1", events);
    publish_subject(of->core, &published, "2026-07-01@JP");
    of->from.rows[of->from.count++] = stored_from(of->core, &published);
    store_derived(of, "SG/5");
    store_plain(of, "SG/6", 100);
    kh_rc rc = KH_E_MEMORY;
    long failures = 0;
    for (; rc != KH_OK; failures++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_test_memory_init(&memory, failures);
        kh_arena_init(&arena, 16, &memory.memory); /* nearly every slice is a block of its own */
        rc = use_all(of, &arena);
        assert_true(rc == KH_OK || rc == KH_E_MEMORY);
        assert_int_equal(rc == KH_OK, !kh_arena_failed(&arena));
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
    }
    assert_true(failures > 30);
}

#define SET_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(a_row_is_read_once),
        SET_TEST(what_has_no_row_is_new_and_asked_for_once),
        SET_TEST(it_decodes_what_a_row_holds),
        SET_TEST(what_was_read_ahead_is_not_read_again),
        SET_TEST(what_is_due_comes_by_instant_then_key),
        SET_TEST(a_row_that_is_held_is_not_what_the_source_says),
        SET_TEST(it_reads_as_many_as_may_be_due),
        SET_TEST(after_the_budget_something_due_is_still_seen),
        SET_TEST(later_instants_are_read_when_they_are_asked_for),
        SET_TEST(dependents_are_the_stored_and_the_new_ascending),
        SET_TEST(a_dependent_that_is_held_is_as_the_batch_left_it),
        SET_TEST(a_basis_of_this_lane_is_as_the_batch_left_it),
        SET_TEST(a_basis_of_another_lane_is_read_once),
        SET_TEST(a_basis_under_no_arrangement_of_ours_is_none),
        SET_TEST(what_changed_is_written_ascending),
        SET_TEST(what_the_source_says_is_passed_on),
        SET_TEST(a_row_that_nobody_wrote_is_refused),
        SET_TEST(memory_may_be_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
