#include "cli/status_change.h"

#include "cli/words.h"

void kh_changes_init(kh_changes *changes, kh_language language, kh_arena *arena)
{
    *changes = (kh_changes){.language = language, .arena = arena};
}

static kh_text word(const kh_changes *changes, kh_message_key key)
{
    return kh_text_of(kh_message(changes->language, key));
}

/* What a difference is, before and after. Nothing at all is told as such. */
typedef struct pair {
    kh_text before;
    kh_text after;
} pair;

static void add(kh_changes *changes, const kh_difference *difference, kh_message_key what, pair told)
{
    if (changes->count < KH_CHANGES_MOST) {
        changes->items[changes->count++] = (kh_change){
            .kind = difference->kind,
            .what = what,
            .before = told.before.length == 0 ? word(changes, KH_M_NONE) : told.before,
            .after = told.after.length == 0 ? word(changes, KH_M_NONE) : told.after,
        };
    }
}

kh_text kh_status_standing(kh_language language, const kh_status *status, kh_arena *arena)
{
    kh_text reasons = kh_words_reasons_in(language, status, arena);
    return kh_arena_print(
        arena, "%s%s%.*s%s",
        kh_message_word(language, KH_M_OUTCOME_RECOGNISED, KH_M_OUTCOME_BARRED_BY_MEASURE, (int)status->outcome),
        reasons.length == 0 ? "" : " [", KH_TEXT_ARGS(reasons), reasons.length == 0 ? "" : "]");
}

static kh_text number(uint32_t value, kh_arena *arena)
{
    return value == 0 ? KH_TEXT("") : kh_arena_number(arena, value);
}

static kh_text grounds(const kh_changes *changes, const kh_status *status)
{
    kh_text out = KH_TEXT("");
    for (uint32_t i = 0; i < status->ground_count; i++) {
        out = kh_arena_print(changes->arena, "%.*s%s%s", KH_TEXT_ARGS(out), i == 0 ? "" : ", ",
                             kh_message_word(changes->language, KH_M_GROUND_HEALTH_OR_SAFETY, KH_M_GROUND_REQUIREMENTS,
                                             status->grounds[i]));
    }
    return out;
}

/* One thing after another, with commas. */
static void append(kh_text *list, kh_text item, const char *behind, kh_arena *arena)
{
    *list = kh_arena_print(arena, "%.*s%s%.*s%s", KH_TEXT_ARGS(*list), list->length == 0 ? "" : ", ",
                           KH_TEXT_ARGS(item), behind);
}

/* The rows that need work, and the documents to translate. */
static kh_text residual(const kh_changes *changes, const kh_status *status)
{
    kh_residual_item *items = NULL;
    uint32_t count = 0;
    kh_text out = KH_TEXT("");
    if (kh_status_residual(status, changes->arena, &items, &count) != KH_OK) {
        return out; /* the arena has failed: the caller sees that */
    }
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].need != KH_NEED_NONE) {
            append(&out, items[i].citation, "", changes->arena);
        }
    }
    for (uint32_t i = 0; i < status->translation_count; i++) {
        append(&out, status->translations[i], "", changes->arena);
    }
    return out;
}

static bool has_row(const kh_residual_item *items, uint32_t count, const kh_residual_item *row)
{
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].need == row->need && items[i].equivalence == row->equivalence &&
            kh_text_equal(items[i].requirement, row->requirement) && kh_text_equal(items[i].citation, row->citation)) {
            return true;
        }
    }
    return false;
}

/* The rows that the other status does not have so, with what they need. */
static kh_text other_rows(const kh_changes *changes, const kh_status *status, const kh_status *other)
{
    kh_residual_item *items = NULL;
    kh_residual_item *others = NULL;
    uint32_t count = 0;
    uint32_t other_count = 0;
    kh_text out = KH_TEXT("");
    if (kh_status_residual(status, changes->arena, &items, &count) != KH_OK ||
        kh_status_residual(other, changes->arena, &others, &other_count) != KH_OK) {
        return out;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!has_row(others, other_count, &items[i])) {
            kh_text need = kh_arena_print(
                changes->arena, " (%s)",
                kh_message_word(changes->language, KH_M_NEED_NONE, KH_M_NEED_TRANSLATION, (int)items[i].need));
            append(&out, items[i].citation, need.data, changes->arena);
        }
    }
    return out;
}

/* By their citations, unless only the need or the wording of a row is another. */
static pair residuals(const kh_changes *changes, const kh_status *before, const kh_status *after)
{
    pair told = {residual(changes, before), residual(changes, after)};
    return kh_text_equal(told.before, told.after)
               ? (pair){other_rows(changes, before, after), other_rows(changes, after, before)}
               : told;
}

static kh_text basis(const kh_changes *changes, const kh_status *status)
{
    return status->basis.length == 0 ? status->basis
                                     : kh_arena_print(changes->arena, "%.*s, %s", KH_TEXT_ARGS(status->basis),
                                                      kh_message_word(changes->language, KH_M_BASIS_VALID,
                                                                      KH_M_BASIS_EXCLUDED, (int)status->basis_state));
}

static kh_text details(const kh_status *status, kh_arena *arena)
{
    const kh_details *of = status->details;
    if (of == NULL) {
        return KH_TEXT("");
    }
    kh_text out = kh_arena_print(arena, "%.*s, %.*s, %.*s, %.*s, %.*s", KH_TEXT_ARGS(of->registration_number),
                                 KH_TEXT_ARGS(of->category), KH_TEXT_ARGS(of->product), KH_TEXT_ARGS(of->maker),
                                 KH_TEXT_ARGS(of->holder));
    for (uint32_t i = 0; i < of->model_count; i++) {
        out = kh_arena_print(arena, "%.*s, %.*s", KH_TEXT_ARGS(out), KH_TEXT_ARGS(of->models[i]));
    }
    return out;
}

static kh_text validity(const kh_status *status, kh_arena *arena)
{
    return status->validity == NULL
               ? KH_TEXT("")
               : kh_arena_print(arena, "%.*s..%.*s", KH_TEXT_ARGS(kh_words_day(status->validity->from, "", arena)),
                                KH_TEXT_ARGS(kh_words_day(status->validity->until, "", arena)));
}

static kh_text pack(const kh_status *status, kh_arena *arena)
{
    return kh_arena_print(arena, "%.*s (%.8s)", KH_TEXT_ARGS(status->pack->id), status->pack->sha256.data);
}

static kh_text yes_or_no(const kh_changes *changes, bool value)
{
    return word(changes, value ? KH_M_YES : KH_M_NO);
}

static kh_text standing(const kh_changes *changes, const kh_status *status)
{
    return status == NULL ? KH_TEXT("") : kh_status_standing(changes->language, status, changes->arena);
}

static void add_times(kh_changes *changes, const kh_difference *difference, const kh_status *before,
                      const kh_status *after)
{
    kh_arena *arena = changes->arena;
    const char *always = kh_message(changes->language, KH_M_ALWAYS);
    const char *never = kh_message(changes->language, KH_M_NEVER);
    if (difference->kind == KH_DIFFERENCE_SINCE) {
        add(changes, difference, KH_M_CHANGED_SINCE,
            (pair){kh_words_instant(before->since, always, arena), kh_words_instant(after->since, always, arena)});
    } else {
        add(changes, difference, KH_M_CHANGED_NEXT,
            (pair){kh_words_instant(before->next_change_at, never, arena),
                   kh_words_instant(after->next_change_at, never, arena)});
    }
}

static void add_status_difference(kh_changes *changes, const kh_difference *difference, const kh_status *before,
                                  const kh_status *after)
{
    kh_arena *arena = changes->arena;
    switch (difference->kind) {
    case KH_DIFFERENCE_OUTCOME:
    case KH_DIFFERENCE_REASONS:
        add(changes, difference, KH_M_CHANGED_OUTCOME, (pair){standing(changes, before), standing(changes, after)});
        break;
    case KH_DIFFERENCE_LEVEL:
        add(changes, difference, KH_M_CHANGED_LEVEL, (pair){number(before->level, arena), number(after->level, arena)});
        break;
    case KH_DIFFERENCE_CONSULTATION:
        add(changes, difference, KH_M_CHANGED_CONSULTATION,
            (pair){yes_or_no(changes, before->under_consultation), yes_or_no(changes, after->under_consultation)});
        break;
    case KH_DIFFERENCE_GROUNDS:
        add(changes, difference, KH_M_CHANGED_GROUNDS, (pair){grounds(changes, before), grounds(changes, after)});
        break;
    case KH_DIFFERENCE_COUNTS_AS:
        add(changes, difference, KH_M_CHANGED_COUNTS_AS,
            (pair){number(before->recognised_level, arena), number(after->recognised_level, arena)});
        break;
    case KH_DIFFERENCE_RESIDUAL:
        add(changes, difference, KH_M_CHANGED_RESIDUAL, residuals(changes, before, after));
        break;
    case KH_DIFFERENCE_BASIS:
        add(changes, difference, KH_M_CHANGED_BASIS, (pair){basis(changes, before), basis(changes, after)});
        break;
    case KH_DIFFERENCE_DETAILS:
        add(changes, difference, KH_M_CHANGED_DETAILS, (pair){details(before, arena), details(after, arena)});
        break;
    case KH_DIFFERENCE_VALIDITY:
        add(changes, difference, KH_M_CHANGED_VALIDITY, (pair){validity(before, arena), validity(after, arena)});
        break;
    case KH_DIFFERENCE_PACK:
        add(changes, difference, KH_M_CHANGED_PACK, (pair){pack(before, arena), pack(after, arena)});
        break;
    default:
        break;
    }
}

void kh_changes_add_status(kh_changes *changes, const kh_status *before, const kh_status *after, bool times)
{
    kh_differences found = {.count = 0};
    kh_differences_add_status(&found, before, after);
    for (uint32_t i = 0; i < found.count; i++) {
        const kh_difference *difference = &found.items[i];
        if (difference->kind != KH_DIFFERENCE_SINCE && difference->kind != KH_DIFFERENCE_NEXT_CHANGE) {
            add_status_difference(changes, difference, before, after);
        } else if (times) {
            add_times(changes, difference, before, after);
        }
    }
}

static kh_text obligation_state(const kh_changes *changes, const kh_obligation *obligation)
{
    return obligation == NULL ? word(changes, KH_M_GONE)
                              : kh_text_of(kh_message_word(changes->language, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED,
                                                           (int)obligation->state));
}

static kh_text obliged(const kh_obligation *obligation, kh_arena *arena)
{
    kh_text out = obligation->obliged[0];
    return obligation->obliged_count < 2
               ? out
               : kh_arena_print(arena, "%.*s, %.*s", KH_TEXT_ARGS(out), KH_TEXT_ARGS(obligation->obliged[1]));
}

static pair days(const kh_changes *changes, kh_day before, kh_day after)
{
    return (pair){kh_words_day(before, "", changes->arena), kh_words_day(after, "", changes->arena)};
}

static void add_obligation_difference(kh_changes *changes, const kh_difference *difference, const kh_obligation *before,
                                      const kh_obligation *after)
{
    switch (difference->kind) {
    case KH_DIFFERENCE_OBLIGATION:
        add(changes, difference, KH_M_CHANGED_OBLIGATION,
            (pair){obligation_state(changes, before), obligation_state(changes, after)});
        break;
    case KH_DIFFERENCE_AROSE_ON:
        add(changes, difference, KH_M_CHANGED_AROSE, days(changes, before->arose_on, after->arose_on));
        break;
    case KH_DIFFERENCE_DUE_ON:
        add(changes, difference, KH_M_CHANGED_DUE, days(changes, before->due_on, after->due_on));
        break;
    case KH_DIFFERENCE_EARLIEST_DUE_ON:
        add(changes, difference, KH_M_CHANGED_EARLIEST_DUE,
            days(changes, before->earliest_due_on, after->earliest_due_on));
        break;
    case KH_DIFFERENCE_PROVISIONAL:
        add(changes, difference, KH_M_CHANGED_PROVISIONAL,
            (pair){yes_or_no(changes, before->provisional), yes_or_no(changes, after->provisional)});
        break;
    case KH_DIFFERENCE_DISCHARGED_ON:
        add(changes, difference, KH_M_CHANGED_DISCHARGED, days(changes, before->discharged_on, after->discharged_on));
        break;
    case KH_DIFFERENCE_LATE:
        add(changes, difference, KH_M_CHANGED_LATE,
            (pair){yes_or_no(changes, before->late), yes_or_no(changes, after->late)});
        break;
    case KH_DIFFERENCE_CONFIRMED_ON:
        add(changes, difference, KH_M_CHANGED_CONFIRMED, days(changes, before->confirmed_on, after->confirmed_on));
        break;
    case KH_DIFFERENCE_OBLIGED:
        add(changes, difference, KH_M_CHANGED_OBLIGED,
            (pair){obliged(before, changes->arena), obliged(after, changes->arena)});
        break;
    default:
        break;
    }
}

void kh_changes_add_obligation(kh_changes *changes, const kh_obligation *before, const kh_obligation *after)
{
    kh_differences found = {.count = 0};
    kh_differences_add_obligation(&found, before, after);
    for (uint32_t i = 0; i < found.count; i++) {
        uint32_t at = changes->count;
        add_obligation_difference(changes, &found.items[i], before, after);
        if (changes->count > at) {
            changes->items[at].obligation =
                kh_text_of(kh_message_word(changes->language, KH_M_OBLIGATION_REVOCATION_NOTICE,
                                           KH_M_OBLIGATION_YEARLY_CONSULTATION, (int)found.items[i].obligation));
        }
    }
}

kh_text kh_change_told(const kh_changes *changes, const kh_change *change)
{
    kh_filling fillings[] = {{"obligation", change->obligation}, {"before", change->before}, {"after", change->after}};
    return kh_message_fill(changes->language, change->what, fillings, 3, changes->arena);
}

/* Each text begins with the name and a colon. */
kh_text kh_change_name(const kh_changes *changes, const kh_change *change)
{
    kh_change bare = *change;
    bare.before = KH_TEXT("");
    bare.after = KH_TEXT("");
    kh_text told = kh_change_told(changes, &bare);
    const char *colon = told.length == 0 ? NULL : memchr(told.data, ':', told.length);
    return colon == NULL ? told : (kh_text){told.data, (size_t)(colon - told.data)};
}
