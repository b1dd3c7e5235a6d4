/* Each allocation of the core fails once: KH_E_MEMORY is said, nothing leaks, what was there stands untouched, and once
 * there is memory again the same call gives what it would have given at first. */
#include <stdio.h>

#include "support/core_state.h"
#include "support/fail_each.h"

#define SUBJECTS 4

static const char *const subjects[SUBJECTS] = {"SG/1", "JP/2", "JP/3", "arrangement/jp-sg"};

static const char *const instants[] = {"2026-05-01@JP", "2026-07-15@JP", "2026-11-20@SG", "2029-09-01@JP"};

#define INSTANTS (sizeof instants / sizeof *instants)

static const char history[] =
    "JP/2: JP issued valid=2026-05-01..2028-04-30 basis=SG/1 documents=a:ja,b:ja+en,c:en models=m,n;"
    "SG issued valid=2026-04-01..2027-03-31 category=home-gateway;"
    "JP/3: JP issued valid=2026-06-01..2028-05-31 category=home-gateway documents=d:ja;"
    "JP/3: JP renewed valid=2028-06-01..2030-05-31 product=x;"
    "JP/2: JP amended product=y;"
    "JP raised on=2026-07-01;SG settled on=2026-08-01;JP raised on=2026-09-01;JP failed from=2026-10-01;"
    "JP/2: SG measure from=2026-07-10 grounds=law,health;JP/2: SG measure-lifted from=2026-09-01;"
    "JP/2: JP revoked decided=2026-07-10 from=2026-12-01;JP/2: JP notice-given on=2026-08-01;"
    "JP/2: SG notice-received on=2026-08-03;"
    "JP consulted on=2026-09-01;SG consulted on=2026-09-02;"
    "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
    "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-02;"
    "JP consented pack=jp-sg-3 from=2027-10-01 given=2026-08-01;"
    "SG consented pack=jp-sg-3 from=2027-10-01 given=2026-08-02;"
    "JP terminated last=2029-08-31 given=2028-01-01";

/* Everything that is decided, to compare; what it points to is the history's and the arena's. */
typedef struct decided {
    kh_facts facts[SUBJECTS];
    kh_arrangement arrangement;
    kh_label_decision labels[SUBJECTS - 1][INSTANTS];
    uint32_t rows[SUBJECTS - 1][INSTANTS];
} decided;

typedef struct input {
    core_state *core;
    decided *out;
} input;

/* A call that failed for want of memory is made once more. */
#define TRY_AGAIN(rc, failed, call)                                                                                    \
    do {                                                                                                               \
        (rc) = (call);                                                                                                 \
        if ((rc) == KH_E_MEMORY) {                                                                                     \
            (failed) = true;                                                                                           \
            (rc) = (call);                                                                                             \
        }                                                                                                              \
        assert_rc((rc), KH_OK);                                                                                        \
    } while (0)

static size_t place_of(kh_text subject)
{
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (kh_text_equal(subject, kh_text_of(subjects[i]))) {
            return i;
        }
    }
    fail_msg("no such subject: %.*s", KH_TEXT_ARGS(subject));
    return 0;
}

static bool merge_all(const input *of, kh_arena *arena)
{
    bool failed = false;
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; i < of->core->history.count; i++) {
        const kh_event *event = &of->core->history.events[i];
        kh_facts *facts = &of->out->facts[place_of(event->subject)];
        kh_facts before = *facts;
        kh_merge merge;
        rc = kh_facts_merge(facts, event->participant, &event->statement, arena, &merge);
        if (rc == KH_E_MEMORY) {
            failed = true;
            assert_memory_equal(facts, &before, sizeof before);
            rc = kh_facts_merge(facts, event->participant, &event->statement, arena, &merge);
        }
        assert_rc(rc, KH_OK);
        assert_true(merge.changed && !merge.gap && merge.conflict == NULL);
    }
    return failed;
}

/* As they come back from the database. */
static bool build_again(const input *of, kh_arena *arena)
{
    bool failed = false;
    for (size_t i = 0; i < SUBJECTS; i++) {
        kh_facts *facts = &of->out->facts[i];
        kh_facts built = {0};
        kh_part parts[KH_PARTICIPANTS];
        kh_rc rc = KH_OK;
        for (int attempt = 0; attempt < 2; attempt++) {
            for (uint32_t at = 0; at < facts->part_count; at++) {
                parts[at] = (kh_part){.participant = facts->parts[at].participant,
                                      .statements = facts->parts[at].statements,
                                      .statement_count = facts->parts[at].statement_count};
            }
            rc = kh_facts_build(parts, facts->part_count, arena, &built);
            failed = failed || rc == KH_E_MEMORY;
            if (rc == KH_OK) {
                break;
            }
        }
        assert_rc(rc, KH_OK);
        assert_true(kh_test_facts_same(facts, &built));
    }
    return failed;
}

static bool decide_all(const input *of, kh_arena *arena)
{
    bool failed = false;
    kh_rc rc = KH_OK;
    decided *out = of->out;
    TRY_AGAIN(rc, failed,
              kh_arrangement_build(&of->core->book.book, KH_TEXT("jp-sg"), &out->facts[SUBJECTS - 1], arena,
                                   &out->arrangement));
    for (size_t i = 0; i < SUBJECTS - 1; i++) {
        kh_text label = kh_text_of(subjects[i]);
        kh_text basis = kh_label_basis(&out->arrangement, label, &out->facts[i]);
        const kh_facts *about_basis = basis.length == 0 ? NULL : &out->facts[place_of(basis)];
        for (size_t at = 0; at < INSTANTS; at++) {
            kh_residual_item *items = NULL;
            TRY_AGAIN(rc, failed,
                      kh_label_decide(&out->arrangement, label, &out->facts[i], about_basis,
                                      kh_test_instant(instants[at]), arena, &out->labels[i][at]));
            TRY_AGAIN(rc, failed, kh_status_residual(&out->labels[i][at].status, arena, &items, &out->rows[i][at]));
            assert_true(out->rows[i][at] == 0 || items[out->rows[i][at] - 1].citation.length > 0);
        }
    }
    return failed;
}

static void same(const decided *a, const decided *b)
{
    for (size_t i = 0; i < SUBJECTS; i++) {
        assert_true(kh_test_facts_same(&a->facts[i], &b->facts[i]));
    }
    for (size_t i = 0; i < SUBJECTS - 1; i++) {
        for (size_t at = 0; at < INSTANTS; at++) {
            const kh_label_decision *one = &a->labels[i][at];
            const kh_label_decision *other = &b->labels[i][at];
            assert_true(kh_status_same(&one->status, &other->status));
            assert_int_equal(one->due_at, other->due_at);
            assert_true(one->has_notice == other->has_notice && one->has_consultation == other->has_consultation);
            assert_true(!one->has_notice || kh_obligation_same(&one->notice, &other->notice));
            assert_true(!one->has_consultation || kh_obligation_same(&one->consultation, &other->consultation));
            assert_int_equal(a->rows[i][at], b->rows[i][at]);
        }
    }
}

static kh_rc decide_undisturbed(kh_arena *arena, core_state *core, decided *out)
{
    input of = {core, out};
    bool failed = merge_all(&of, arena);
    failed = build_again(&of, arena) || failed;
    failed = decide_all(&of, arena) || failed;
    return failed ? KH_E_MEMORY : KH_OK;
}

static kh_rc decide_disturbed(kh_arena *arena, const void *undisturbed)
{
    const input *expected = undisturbed;
    decided out = {0};
    kh_rc rc = decide_undisturbed(arena, expected->core, &out);
    same(expected->out, &out);
    return rc;
}

static void facts_and_decisions(void **state)
{
    core_state *core = *state;
    decided undisturbed = {0};
    kh_test_memory memory;
    kh_test_history_state(&core->history, history);
    for (unsigned i = 0; i < 40; i++) { /* more than the core keeps on its stack */
        char line[64];
        (void)snprintf(line, sizeof line, "JP/3: JP %s from=2026-%02u-%02u", i % 2 == 0 ? "suspended" : "lifted",
                       3 + i / 20, 1 + i % 20);
        kh_test_history_state(&core->history, line);
    }
    assert_rc(decide_undisturbed(&core->arena, core, &undisturbed), KH_OK);
    assert_int_equal(undisturbed.labels[1][1].status.ground_count, 2);
    assert_true(undisturbed.labels[1][1].has_notice && undisturbed.labels[0][1].has_consultation);
    assert_int_equal(undisturbed.arrangement.amendment_count, 2);
    assert_true(undisturbed.rows[2][1] > 0 && undisturbed.labels[2][1].status.translation_count == 1);
    input expected = {core, &undisturbed};
    assert_true(kh_test_fail_each(&memory, decide_disturbed, &expected, KH_OK, false) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(facts_and_decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
