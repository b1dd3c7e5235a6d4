#include "kakehashi/difference.h"

#include "status.h"

static void add(kh_differences *out, kh_difference_kind kind, int64_t before, int64_t after)
{
    if (out->count < KH_DIFFERENCES_MOST) {
        out->items[out->count++] = (kh_difference){.kind = kind, .before = before, .after = after};
    }
}

/* Added if the two numbers differ. */
static void compare(kh_differences *out, kh_difference_kind kind, int64_t before, int64_t after)
{
    if (before != after) {
        add(out, kind, before, after);
    }
}

static int64_t never_last(kh_instant instant)
{
    return instant == KH_INSTANT_NONE ? INT64_MAX : instant;
}

static int64_t day_or_never(kh_day day)
{
    return day == KH_DAY_NONE ? INT64_MAX : day;
}

static bool same_grounds(const kh_status *a, const kh_status *b)
{
    return a->ground_count == b->ground_count &&
           (a->ground_count == 0 || memcmp(a->grounds, b->grounds, a->ground_count) == 0);
}

static void compare_statuses(kh_differences *out, const kh_status *before, const kh_status *after)
{
    if (before->outcome != after->outcome) {
        add(out, KH_DIFFERENCE_OUTCOME, (int64_t)before->outcome, (int64_t)after->outcome);
    } else if (before->reasons != after->reasons) {
        add(out, KH_DIFFERENCE_REASONS, 0, 0);
    }
    compare(out, KH_DIFFERENCE_LEVEL, before->level, after->level);
    compare(out, KH_DIFFERENCE_CONSULTATION, before->under_consultation, after->under_consultation);
    if (!same_grounds(before, after)) {
        add(out, KH_DIFFERENCE_GROUNDS, 0, 0);
    }
    if (after->outcome == KH_OUTCOME_RECOGNISED) {
        compare(out, KH_DIFFERENCE_COUNTS_AS, before->recognised_level, after->recognised_level);
        if (!kh_status_same_residual(before, after)) {
            add(out, KH_DIFFERENCE_RESIDUAL, kh_status_residual_open(before), kh_status_residual_open(after));
        }
    }
    if (before->basis_state != after->basis_state || !kh_text_equal(before->basis, after->basis)) {
        add(out, KH_DIFFERENCE_BASIS, (int64_t)before->basis_state, (int64_t)after->basis_state);
    }
    if (!kh_details_same(before->details, after->details)) {
        add(out, KH_DIFFERENCE_DETAILS, 0, 0);
    }
    if (!kh_validity_same(before->validity, after->validity)) {
        add(out, KH_DIFFERENCE_VALIDITY, 0, 0);
    }
    if (!kh_status_same_pack(before, after)) {
        add(out, KH_DIFFERENCE_PACK, 0, 0);
    }
    compare(out, KH_DIFFERENCE_SINCE, before->since, after->since);
    compare(out, KH_DIFFERENCE_NEXT_CHANGE, never_last(before->next_change_at), never_last(after->next_change_at));
    if (!kh_status_same_to_public(before, after)) {
        add(out, KH_DIFFERENCE_PUBLIC, 0, 0);
    }
}

void kh_differences_add_status(kh_differences *out, const kh_status *before, const kh_status *after)
{
    if (before != NULL && after != NULL) {
        compare_statuses(out, before, after);
    } else if (before != NULL || after != NULL) {
        add(out, KH_DIFFERENCE_OUTCOME, before == NULL ? 0 : (int64_t)before->outcome,
            after == NULL ? 0 : (int64_t)after->outcome);
    }
}

static bool same_obliged(const kh_obligation *a, const kh_obligation *b)
{
    bool same = a->obliged_count == b->obliged_count && kh_text_equal(a->towards, b->towards);
    for (uint32_t i = 0; same && i < a->obliged_count; i++) {
        same = kh_text_equal(a->obliged[i], b->obliged[i]);
    }
    return same;
}

static void compare_obligations(kh_differences *out, const kh_obligation *before, const kh_obligation *after)
{
    compare(out, KH_DIFFERENCE_AROSE_ON, day_or_never(before->arose_on), day_or_never(after->arose_on));
    compare(out, KH_DIFFERENCE_DUE_ON, day_or_never(before->due_on), day_or_never(after->due_on));
    compare(out, KH_DIFFERENCE_EARLIEST_DUE_ON, day_or_never(before->earliest_due_on),
            day_or_never(after->earliest_due_on));
    compare(out, KH_DIFFERENCE_PROVISIONAL, before->provisional, after->provisional);
    compare(out, KH_DIFFERENCE_DISCHARGED_ON, day_or_never(before->discharged_on), day_or_never(after->discharged_on));
    compare(out, KH_DIFFERENCE_LATE, before->late, after->late);
    compare(out, KH_DIFFERENCE_CONFIRMED_ON, day_or_never(before->confirmed_on), day_or_never(after->confirmed_on));
    if (!same_obliged(before, after)) {
        add(out, KH_DIFFERENCE_OBLIGED, 0, 0);
    }
}

void kh_differences_add_obligation(kh_differences *out, const kh_obligation *before, const kh_obligation *after)
{
    uint32_t first = out->count;
    compare(out, KH_DIFFERENCE_OBLIGATION, before == NULL ? 0 : (int64_t)before->state,
            after == NULL ? 0 : (int64_t)after->state);
    if (before != NULL && after != NULL) {
        compare_obligations(out, before, after);
    }
    for (uint32_t i = first; i < out->count; i++) {
        out->items[i].obligation = after != NULL ? after->kind : before->kind;
    }
}

void kh_differences_add_decision(kh_differences *out, const kh_label_decision *before, const kh_label_decision *after)
{
    kh_differences_add_status(out, &before->status, &after->status);
    kh_differences_add_obligation(out, before->has_consultation ? &before->consultation : NULL,
                                  after->has_consultation ? &after->consultation : NULL);
    kh_differences_add_obligation(out, before->has_notice ? &before->notice : NULL,
                                  after->has_notice ? &after->notice : NULL);
}

kh_text kh_difference_name(kh_difference_kind kind)
{
    static const char *const names[KH_DIFFERENCE_COUNT] = {
#define NAME(name) [KH_DIFFERENCE_##name] = #name,
        KH_DIFFERENCE_KINDS(NAME)
#undef NAME
    };
    return kh_text_of(kind > KH_DIFFERENCE_NONE && kind < KH_DIFFERENCE_COUNT ? names[kind] : "");
}

/* ---- how often ---- */

bool kh_difference_is_paired(kh_difference_kind kind)
{
    switch (kind) {
    case KH_DIFFERENCE_OUTCOME:
    case KH_DIFFERENCE_CONSULTATION:
    case KH_DIFFERENCE_BASIS:
    case KH_DIFFERENCE_OBLIGATION:
    case KH_DIFFERENCE_PROVISIONAL:
    case KH_DIFFERENCE_LATE:
        return true;
    default:
        return false;
    }
}

kh_trend kh_difference_trend(const kh_difference *difference)
{
    if (kh_difference_is_paired(difference->kind) || difference->before == difference->after) {
        return KH_TREND_OTHER;
    }
    return difference->after < difference->before ? KH_TREND_LESS : KH_TREND_MORE;
}

/* The order of classes; how often they were met is no part of it. */
static int compare_classes(const kh_difference_class *a, const kh_difference_class *b)
{
    const int keys[][2] = {{(int)a->kind, (int)b->kind},
                           {(int)a->obligation, (int)b->obligation},
                           {(int)a->trend, (int)b->trend},
                           {a->before, b->before},
                           {a->after, b->after}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

void kh_difference_tally_add(kh_difference_tally *tally, const kh_difference *difference)
{
    bool paired = kh_difference_is_paired(difference->kind);
    kh_difference_class wanted = {
        .kind = difference->kind,
        .obligation = difference->obligation,
        .trend = kh_difference_trend(difference),
        .before = paired ? (int)difference->before : 0,
        .after = paired ? (int)difference->after : 0,
        .count = 1,
    };
    uint32_t at = 0;
    while (at < tally->count && compare_classes(&tally->classes[at], &wanted) < 0) {
        at++;
    }
    if (at < tally->count && compare_classes(&tally->classes[at], &wanted) == 0) {
        tally->classes[at].count++;
    } else if (tally->count < KH_DIFFERENCE_CLASSES_MOST) {
        memmove(&tally->classes[at + 1], &tally->classes[at], (tally->count - at) * sizeof wanted);
        tally->classes[at] = wanted;
        tally->count++;
    }
}
