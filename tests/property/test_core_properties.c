/* Random histories: what must hold of all of them. Each is written as lines (support/history.h) and, when something
 * does not hold, printed, so that it can be pasted into a table of tests/cases/. */
#include <stdio.h>

#include "kakehashi/explanation.h"
#include "support/case_render.h"
#include "support/core_state.h"

#define HISTORIES 60
#define FIRST_DAY "2026-05-20"
#define DAYS      150 /* far enough that what becomes due becomes overdue */
#define INSTANTS  (2 * (DAYS) + 1)

typedef struct world {
    core_state *core;
    uint64_t random;
    uint64_t seed;
    kh_facts facts;
    kh_facts basis;
    bool has_basis;
    kh_instant instants[INSTANTS]; /* one before all, then every midnight of both sides */
    kh_label_decision decisions[INSTANTS];
    kh_text messages[INSTANTS];  /* what the agencies are told, `since` and `next` aside */
    kh_text standings[INSTANTS]; /* what breaks `since` */
    kh_text obligations[INSTANTS];
} world;

/* splitmix64 */
static uint32_t roll(world *of, uint32_t sides)
{
    of->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = of->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % sides);
}

static void explain(const world *of, const char *what, kh_instant at)
{
    kh_text when = kh_case_print_instant(&of->core->arena, at);
    print_error("%s (history %llu, at %.*s)\n", what, (unsigned long long)of->seed, KH_TEXT_ARGS(when));
    print_error("  label %.*s\n", KH_TEXT_ARGS(of->core->history.label));
    for (uint32_t i = 0; i < of->core->history.count; i++) {
        print_error("  %.*s\n", KH_TEXT_ARGS(of->core->history.events[i].statement.bytes));
    }
    fail();
}

#define HOLDS(of, condition, at)                                                                                       \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            explain((of), #condition, (at));                                                                           \
        }                                                                                                              \
    } while (0)

/* ---- making a history ---- */

static const char *random_date(world *of)
{
    static char dates[4][KH_DATE_SIZE + 1];
    static unsigned next;
    char *date = dates[next++ % 4];
    kh_day_print(kh_test_day("2026-05-25") + (kh_day)roll(of, 50), date);
    return date;
}

static const char *pick(world *of, const char *const *from, uint32_t count)
{
    return from[roll(of, count)];
}

static void random_home_line(world *of, const char *home, const char *basis, char *line, size_t size)
{
    static const char *const categories[] = {"", " category=home-gateway", " category=toy"};
    static const char *const more[] = {"", " product=other", " holder=other", " level=2", " documents=a:ja,b:en"};
    const char *from = random_date(of);
    const char *day = random_date(of);
    char until[KH_DATE_SIZE + 1];
    kh_day_print(kh_test_day(from) + (kh_day)roll(of, 60), until);
    switch (roll(of, 10)) {
    case 0:
    case 1:
    case 2:
        (void)snprintf(line, size, "%s issued valid=%s..%s%s%s%s", home, from, until, pick(of, categories, 3),
                       pick(of, more, 5), roll(of, 2) == 0 ? basis : "");
        break;
    case 3:
        (void)snprintf(line, size, "%s amended%s product=p%u", home, pick(of, categories, 3), roll(of, 2));
        break;
    case 4:
    case 5:
        (void)snprintf(line, size, "%s renewed valid=%s..%s%s", home, from, until, pick(of, categories, 3));
        break;
    case 6:
        (void)snprintf(line, size, "%s %s from=%s", home, roll(of, 2) == 0 ? "suspended" : "lifted", day);
        break;
    case 7:
        (void)snprintf(line, size, "%s revoked decided=%s from=%s", home, day, from);
        break;
    case 8:
        (void)snprintf(line, size, "%s revocation-withdrawn", home);
        break;
    default:
        (void)snprintf(line, size, "%s notice-given on=%s", home, day);
        break;
    }
}

static void random_host_line(world *of, const char *host, char *line, size_t size)
{
    static const char *const kinds[] = {"raised on",   "raised on",           "settled on",
                                        "failed from", "measure-lifted from", "notice-received on"};
    static const char *const grounds[] = {"health", "law", "law,health"};
    if (roll(of, 5) == 0) {
        (void)snprintf(line, size, "%s measure grounds=%s from=%s", host, pick(of, grounds, 3), random_date(of));
    } else {
        (void)snprintf(line, size, "%s %s=%s", host, pick(of, kinds, 6), random_date(of));
    }
}

static void random_arrangement_line(world *of, const char *who, char *line, size_t size)
{
    switch (roll(of, 4)) {
    case 0:
        (void)snprintf(line, size, "%s terminated last=%s", who, random_date(of));
        break;
    case 1:
        (void)snprintf(line, size, "%s termination-withdrawn", who);
        break;
    case 2:
        (void)snprintf(line, size, "%s consented pack=jp-sg-%u from=2026-06-%s given=%s", who, 2 + roll(of, 2),
                       roll(of, 2) == 0 ? "10" : "25", random_date(of));
        break;
    default:
        (void)snprintf(line, size, "%s consulted on=%s", who, random_date(of));
        break;
    }
}

static void random_policies(world *of)
{
    kh_policies *policies = &of->core->book.policies;
    policies->recognise_during_consultation = roll(of, 2) == 0;
    policies->notice_scope = roll(of, 2) == 0 ? KH_NOTICE_SCOPE_DERIVED : KH_NOTICE_SCOPE_ALL_LABELS;
    policies->notice_calendar = (kh_notice_calendar)(1 + roll(of, 3));
    policies->notice_counts_from = (kh_notice_counts_from)(1 + roll(of, 2));
    policies->no_counterpart = (kh_no_counterpart)(1 + roll(of, 2));
}

static void random_history(world *of)
{
    bool japanese = roll(of, 2) == 0;
    const char *home = japanese ? "JP" : "SG";
    const char *host = japanese ? "SG" : "JP";
    const char *basis = japanese ? " basis=SG/9" : " basis=JP/9";
    uint32_t lines = 2 + roll(of, 14);
    kh_test_history_init(&of->core->history, japanese ? "JP/1" : "SG/1", &of->core->arena);
    random_policies(of);
    for (uint32_t i = 0; i < lines; i++) {
        char line[200] = "";
        char whole[256];
        const char *about = "";
        switch (roll(of, 8)) {
        case 0:
            random_arrangement_line(of, roll(of, 2) == 0 ? home : host, line, sizeof line);
            break;
        case 1:
            about = japanese ? "SG/9: " : "JP/9: ";
            random_home_line(of, host, "", line, sizeof line);
            break;
        case 2:
            about = japanese ? "SG/9: " : "JP/9: ";
            random_host_line(of, home, line, sizeof line);
            break;
        case 3:
        case 4:
            random_host_line(of, host, line, sizeof line);
            break;
        default:
            random_home_line(of, home, basis, line, sizeof line);
            break;
        }
        /* revisions that meet and that leave gaps */
        (void)snprintf(whole, sizeof whole, "%s%s rev=%u", about, line, 1 + roll(of, 12));
        kh_test_history_state(&of->core->history, whole);
    }
}

/* ---- deciding it at every midnight ---- */

static kh_text value(kh_case_decision *of, kh_case_view view, const char *key)
{
    kh_text text = {"", 0};
    (void)kh_case_value(of, view, kh_text_of(key), &text);
    return text;
}

static kh_text gather(kh_case_decision *of, kh_case_view view, const char *const *keys, kh_text start)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        start = kh_arena_print(of->arena, "%.*s %.*s", KH_TEXT_ARGS(start), KH_TEXT_ARGS(value(of, view, keys[i])));
    }
    return start;
}

static kh_text standing_of(kh_case_decision *of)
{
    static const char *const keys[] = {"because", "level", "as", "consultation", "grounds", "basis", "pack", NULL};
    return gather(of, KH_CASE_STATUS, keys, kh_case_residual(of));
}

static kh_text message_of(kh_case_decision *of)
{
    const kh_details *details = of->label.status.details;
    static const char *const keys[] = {"valid", NULL};
    kh_text text = gather(of, KH_CASE_STATUS, keys, standing_of(of));
    return details == NULL
               ? text
               : kh_arena_print(of->arena, "%.*s %.*s %.*s %.*s", KH_TEXT_ARGS(text), KH_TEXT_ARGS(details->product),
                                KH_TEXT_ARGS(details->category), KH_TEXT_ARGS(details->holder));
}

/* Translation items are not public. */
static kh_text public_standing_of(kh_case_decision *of)
{
    static const char *const keys[] = {"public", "as", "pack", NULL};
    uint32_t translations = of->label.status.translation_count;
    of->label.status.translation_count = 0;
    kh_text rows = kh_case_residual(of);
    of->label.status.translation_count = translations;
    return gather(of, KH_CASE_STATUS, keys, rows);
}

static kh_text public_message_of(kh_case_decision *of)
{
    static const char *const keys[] = {"product", "valid", NULL};
    const kh_details *details = of->label.status.details;
    kh_text text = gather(of, KH_CASE_STATUS, keys, public_standing_of(of));
    return details == NULL
               ? text
               : kh_arena_print(of->arena, "%.*s %.*s", KH_TEXT_ARGS(text), KH_TEXT_ARGS(details->category));
}

static kh_text obligations_of(kh_case_decision *of)
{
    static const char *const keys[] = {"arose", "due",       "earliest", "provisional", "discharged",
                                       "late",  "confirmed", "by",       "towards",     NULL};
    kh_text text = gather(of, KH_CASE_NOTICE, keys, kh_case_state(of, KH_CASE_NOTICE));
    text = kh_arena_print(of->arena, "%.*s %.*s", KH_TEXT_ARGS(text),
                          KH_TEXT_ARGS(kh_case_state(of, KH_CASE_CONSULTATION)));
    return gather(of, KH_CASE_CONSULTATION, keys, text);
}

static kh_case_decision decide(const world *of, const kh_facts *facts, kh_instant at)
{
    kh_case_decision decision = {.arena = &of->core->arena};
    assert_rc(kh_label_decide(&of->core->arrangement, of->core->history.label, facts, of->has_basis ? &of->basis : NULL,
                              at, &of->core->arena, &decision.label),
              KH_OK);
    return decision;
}

static void decide_all(world *of)
{
    kh_test_history *history = &of->core->history;
    const kh_arrangement *arrangement = core_arrangement(of->core);
    of->facts = kh_test_history_facts(history, history->label, false);
    kh_text basis = kh_label_basis(arrangement, history->label, &of->facts);
    of->has_basis = basis.length > 0;
    of->basis = kh_test_history_facts(history, basis, false);
    kh_day first = kh_test_day(FIRST_DAY);
    of->instants[0] = kh_day_begin(first, 540) - 1;
    for (int i = 0; i < DAYS; i++) {
        of->instants[2 * i + 1] = kh_day_begin(first + i, 540);
        of->instants[2 * i + 2] = kh_day_begin(first + i, 480);
    }
    for (size_t i = 0; i < INSTANTS; i++) {
        kh_case_decision decision = decide(of, &of->facts, of->instants[i]);
        of->decisions[i] = decision.label;
        of->messages[i] = message_of(&decision);
        of->standings[i] = standing_of(&decision);
        of->obligations[i] = obligations_of(&decision);
    }
}

/* ---- what must hold ---- */

/* The first later instant with another text; KH_INSTANT_NONE if there is none in the window. */
static kh_instant next_other(const world *of, const kh_text *texts, size_t from)
{
    for (size_t i = from + 1; i < INSTANTS; i++) {
        if (!kh_text_equal(texts[i], texts[from])) {
            return of->instants[i];
        }
    }
    return KH_INSTANT_NONE;
}

static kh_instant last_break(const world *of, const kh_text *texts, size_t from)
{
    for (size_t i = from; i > 0; i--) {
        if (!kh_text_equal(texts[i - 1], texts[i])) {
            return of->instants[i];
        }
    }
    return KH_INSTANT_NONE;
}

/* What is said to happen after the window was not looked at. */
static kh_instant within(const world *of, kh_instant at)
{
    return at > of->instants[INSTANTS - 1] ? KH_INSTANT_NONE : at;
}

static void check_agencies(const world *of)
{
    for (size_t i = 0; i < INSTANTS; i++) {
        const kh_status *status = &of->decisions[i].status;
        kh_instant at = of->instants[i];
        HOLDS(of, within(of, status->next_change_at) == next_other(of, of->messages, i), at);
        HOLDS(of, status->since == last_break(of, of->standings, i), at);
        HOLDS(of, status->next_change_at == KH_INSTANT_NONE || status->next_change_at > at, at);
        if (i + 1 < INSTANTS) { /* nothing changes but at a midnight */
            kh_case_decision before = decide(of, &of->facts, of->instants[i + 1] - 1);
            HOLDS(of, kh_status_same(&before.label.status, status), at);
            HOLDS(of, kh_status_same_to_public(&before.label.status, status), at);
            HOLDS(of, kh_text_equal(obligations_of(&before), of->obligations[i]), at);
        }
    }
}

static void check_due(const world *of)
{
    for (size_t i = 0; i < INSTANTS; i++) {
        kh_instant at = of->instants[i];
        kh_instant due = of->decisions[i].due_at;
        kh_instant change = next_other(of, of->obligations, i);
        kh_instant next = of->decisions[i].status.next_change_at;
        HOLDS(of, due == KH_INSTANT_NONE || due > at, at);
        HOLDS(of, change == KH_INSTANT_NONE || (due != KH_INSTANT_NONE && due <= change), at);
        HOLDS(of, next == KH_INSTANT_NONE || (due != KH_INSTANT_NONE && due <= next), at);
    }
}

/* The facts as if gates 7 and 8 stayed as they are: what the host states is replaced by what holds at that instant. */
static kh_facts frozen(const world *of, const kh_status *now)
{
    kh_test_history still;
    kh_test_history_init(&still, "", &of->core->arena);
    still.label = of->core->history.label;
    const char *host = kh_text_equal(now->host, KH_TEXT("JP")) ? "JP" : "SG";
    static const struct {
        kh_reason reason;
        const char *line;
    } lines[] = {{KH_REASON_DISPUTE_FAILED, "failed from=1970-01-01"},
                 {KH_REASON_UNDER_CONSULTATION, "raised on=1970-01-02"},
                 {KH_REASON_MEASURE, "measure from=1970-01-01"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if ((now->reasons & 1U << lines[i].reason) != 0) {
            char line[64];
            (void)snprintf(line, sizeof line, "%s %s", host, lines[i].line);
            kh_test_history_state(&still, line);
        }
    }
    for (uint32_t i = 0; i < of->core->history.count; i++) {
        const kh_event *event = &of->core->history.events[i];
        if (kh_text_equal(event->subject, still.label) && !kh_text_equal(event->participant, kh_text_of(host))) {
            kh_test_history_state(&still, "SG lifted from=2026-01-01"); /* makes room */
            still.events[still.count - 1] = *event;
        }
    }
    return kh_test_history_facts(&still, still.label, false);
}

static void check_public(world *of)
{
    kh_text standings[INSTANTS];
    kh_text as_if[INSTANTS];
    for (size_t i = 0; i < INSTANTS; i++) {
        kh_case_decision decision = {.arena = &of->core->arena, .label = of->decisions[i]};
        standings[i] = public_standing_of(&decision);
    }
    for (int tries = 0; tries < 4; tries++) {
        size_t now = roll(of, INSTANTS);
        kh_instant at = of->instants[now];
        kh_case_decision decision = {.arena = &of->core->arena, .label = of->decisions[now]};
        const kh_status *status = &decision.label.status;
        if (status->outcome == KH_OUTCOME_INCOMPLETE) {
            HOLDS(of, kh_status_public_outcome(status) == KH_PUBLIC_NONE, at);
            continue;
        }
        HOLDS(of, status->public_since == last_break(of, standings, now), at);
        kh_facts still = frozen(of, status);
        for (size_t i = 0; i < INSTANTS; i++) {
            kh_case_decision then = decide(of, &still, of->instants[i]);
            as_if[i] = public_message_of(&then);
        }
        HOLDS(of, kh_text_equal(as_if[now], public_message_of(&decision)), at);
        HOLDS(of, within(of, status->public_next_change_at) == next_other(of, as_if, now), at);
        kh_instant due = decision.label.due_at;
        HOLDS(of,
              status->public_next_change_at == KH_INSTANT_NONE ||
                  (due != KH_INSTANT_NONE && due <= status->public_next_change_at),
              at);
    }
}

static void check_yearly(world *of)
{
    kh_text texts[INSTANTS];
    kh_instant dues[INSTANTS];
    static const char *const keys[] = {"arose", "due", NULL};
    for (size_t i = 0; i < INSTANTS; i++) {
        kh_case_decision decision = {.arena = &of->core->arena};
        kh_arrangement_decide(&of->core->arrangement, of->instants[i], &decision.has_yearly, &decision.yearly,
                              &dues[i]);
        texts[i] = gather(&decision, KH_CASE_YEARLY, keys, kh_case_state(&decision, KH_CASE_YEARLY));
    }
    for (size_t i = 0; i < INSTANTS; i++) {
        kh_instant change = next_other(of, texts, i);
        HOLDS(of, dues[i] == KH_INSTANT_NONE || dues[i] > of->instants[i], of->instants[i]);
        HOLDS(of, change == KH_INSTANT_NONE || (dues[i] != KH_INSTANT_NONE && dues[i] <= change), of->instants[i]);
    }
}

static void each_history(void **state, void (*check)(world *of), bool decided)
{
    world *of = calloc(1, sizeof *of);
    assert_non_null(of);
    of->core = *state;
    for (of->seed = 1; of->seed <= HISTORIES; of->seed++) {
        of->random = of->seed * 1000003;
        kh_arena_reset(&of->core->arena);
        random_history(of);
        if (decided) {
            decide_all(of);
        }
        check(of);
    }
    free(of);
}

/* ---- the facts are a union ---- */

static kh_facts merge_shuffled(world *of, kh_text subject)
{
    const kh_test_history *history = &of->core->history;
    uint32_t order[3 * 16];
    uint32_t count = 3 * history->count; /* each is stated three times */
    kh_facts facts = {0};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = roll(of, i + 1);
        order[i] = order[other];
        order[other] = i % history->count;
    }
    for (uint32_t i = 0; i < count; i++) {
        const kh_event *event = &history->events[order[i]];
        kh_merge merge;
        if (kh_text_equal(event->subject, subject)) {
            assert_rc(kh_facts_merge(&facts, event->participant, &event->statement, &of->core->arena, &merge), KH_OK);
        }
    }
    return facts;
}

static void check_union(world *of)
{
    const kh_text subjects[] = {of->core->history.label, KH_TEXT("SG/9"), KH_TEXT("JP/9"),
                                KH_TEXT("arrangement/jp-sg")};
    for (size_t i = 0; i < 4; i++) {
        kh_facts stated = kh_test_history_facts(&of->core->history, subjects[i], false);
        for (int tries = 0; tries < 8; tries++) {
            kh_facts shuffled = merge_shuffled(of, subjects[i]);
            HOLDS(of, kh_test_facts_same(&stated, &shuffled), KH_INSTANT_NONE);
        }
        kh_part parts[2];
        for (uint32_t p = 0; p < stated.part_count; p++) {
            parts[stated.part_count - 1 - p] = stated.parts[p];
        }
        kh_facts built;
        assert_rc(kh_facts_build(parts, stated.part_count, &of->core->arena, &built), KH_OK);
        HOLDS(of, kh_test_facts_same(&stated, &built), KH_INSTANT_NONE);
    }
}

static void facts_do_not_depend_on_order_or_repetition(void **state)
{
    each_history(state, check_union, false);
}

static void check_status(world *of)
{
    check_agencies(of);
}

static void since_and_next_change_are_those_of_every_midnight(void **state)
{
    each_history(state, check_status, true);
}

static void the_public_is_told_of_no_confidential_change_ahead(void **state)
{
    each_history(state, check_public, true);
}

static void check_obligations(world *of)
{
    check_due(of);
    check_yearly(of);
}

static void nothing_changes_before_it_is_due(void **state)
{
    each_history(state, check_obligations, true);
}

static void explain_all(const world *of, kh_explanation *explanations)
{
    for (size_t i = 0; i < INSTANTS; i++) {
        assert_rc(kh_label_explain(&of->core->arrangement, of->core->history.label, &of->facts,
                                   of->has_basis ? &of->basis : NULL, of->instants[i], &of->core->arena,
                                   &explanations[i]),
                  KH_OK);
    }
}

/* The reasons are those of the decision, and each finding's next change is the first that any midnight shows. */
static void check_explanations(world *of)
{
    static kh_explanation explanations[INSTANTS];
    explain_all(of, explanations);
    for (size_t i = 0; i < INSTANTS; i++) {
        uint32_t reasons = 0;
        for (uint32_t j = 0; j < explanations[i].count; j++) {
            const kh_finding *finding = &explanations[i].findings[j];
            bool needs_fact = finding->now.reason > KH_REASON_ARRANGEMENT_NOT_YET;
            size_t next = i + 1;
            reasons |= finding->now.reason == 0 ? 0 : 1U << finding->now.reason;
            HOLDS(of, !needs_fact || finding->now.fact_count > 0, of->instants[i]);
            while (next < INSTANTS && explanations[next].findings[j].now.kind == finding->now.kind) {
                next++;
            }
            if (next < INSTANTS && explanations[i].count > 1) {
                HOLDS(of, finding->changes_at == of->instants[next], of->instants[i]);
                HOLDS(of, finding->then.kind == explanations[next].findings[j].now.kind, of->instants[i]);
            } else {
                HOLDS(of, finding->changes_at == KH_INSTANT_NONE || finding->changes_at > of->instants[INSTANTS - 1],
                      of->instants[i]);
            }
        }
        HOLDS(of, reasons == of->decisions[i].status.reasons, of->instants[i]);
    }
}

static void explanations_are_those_of_the_decisions(void **state)
{
    each_history(state, check_explanations, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(facts_do_not_depend_on_order_or_repetition),
        CORE_TEST(since_and_next_change_are_those_of_every_midnight),
        CORE_TEST(the_public_is_told_of_no_confidential_change_ahead),
        CORE_TEST(nothing_changes_before_it_is_due),
        CORE_TEST(explanations_are_those_of_the_decisions),
    };
    return cmocka_run_group_tests_name("core properties", tests, NULL, NULL);
}
