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

/* Added if the two texts differ; nothing at all is told as such. */
static void add(kh_changes *changes, kh_message_key what, kh_text before, kh_text after)
{
    if (!kh_text_equal(before, after) && changes->count < KH_CHANGES_MOST) {
        changes->items[changes->count++] = (kh_change){
            .what = what,
            .before = before.length == 0 ? word(changes, KH_M_NONE) : before,
            .after = after.length == 0 ? word(changes, KH_M_NONE) : after,
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

/* The citations of the rows that need work, and the documents to translate. */
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
            out = kh_arena_print(changes->arena, "%.*s%s%.*s", KH_TEXT_ARGS(out), out.length == 0 ? "" : ", ",
                                 KH_TEXT_ARGS(items[i].citation));
        }
    }
    for (uint32_t i = 0; i < status->translation_count; i++) {
        out = kh_arena_print(changes->arena, "%.*s%s%.*s", KH_TEXT_ARGS(out), out.length == 0 ? "" : ", ",
                             KH_TEXT_ARGS(status->translations[i]));
    }
    return out;
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

void kh_changes_add_status(kh_changes *changes, const kh_status *before, const kh_status *after, bool times)
{
    kh_arena *arena = changes->arena;
    const char *always = kh_message(changes->language, KH_M_ALWAYS);
    const char *never = kh_message(changes->language, KH_M_NEVER);
    add(changes, KH_M_CHANGED_OUTCOME, kh_status_standing(changes->language, before, arena),
        kh_status_standing(changes->language, after, arena));
    add(changes, KH_M_CHANGED_LEVEL, number(before->level, arena), number(after->level, arena));
    add(changes, KH_M_CHANGED_CONSULTATION, yes_or_no(changes, before->under_consultation),
        yes_or_no(changes, after->under_consultation));
    add(changes, KH_M_CHANGED_GROUNDS, grounds(changes, before), grounds(changes, after));
    if (after->outcome == KH_OUTCOME_RECOGNISED) { /* else nothing is left to assess, and it counts as nothing */
        add(changes, KH_M_CHANGED_COUNTS_AS, number(before->recognised_level, arena),
            number(after->recognised_level, arena));
        add(changes, KH_M_CHANGED_RESIDUAL, residual(changes, before), residual(changes, after));
    }
    add(changes, KH_M_CHANGED_BASIS, basis(changes, before), basis(changes, after));
    add(changes, KH_M_CHANGED_DETAILS, details(before, arena), details(after, arena));
    add(changes, KH_M_CHANGED_VALIDITY, validity(before, arena), validity(after, arena));
    add(changes, KH_M_CHANGED_PACK, pack(before, arena), pack(after, arena));
    if (times) {
        add(changes, KH_M_CHANGED_SINCE, kh_words_instant(before->since, always, arena),
            kh_words_instant(after->since, always, arena));
        add(changes, KH_M_CHANGED_NEXT, kh_words_instant(before->next_change_at, never, arena),
            kh_words_instant(after->next_change_at, never, arena));
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

void kh_changes_add_obligation(kh_changes *changes, const kh_obligation *before, const kh_obligation *after)
{
    kh_arena *arena = changes->arena;
    const kh_obligation *either = after != NULL ? after : before;
    uint32_t first = changes->count;
    if (either == NULL) {
        return;
    }
    add(changes, KH_M_CHANGED_OBLIGATION, obligation_state(changes, before), obligation_state(changes, after));
    if (changes->count > first) {
        changes->items[first].obligation =
            kh_text_of(kh_message_word(changes->language, KH_M_OBLIGATION_REVOCATION_NOTICE,
                                       KH_M_OBLIGATION_YEARLY_CONSULTATION, (int)either->kind));
    }
    if (before == NULL || after == NULL) {
        return;
    }
    const struct {
        kh_message_key what;
        kh_day before;
        kh_day after;
    } days[] = {
        {KH_M_CHANGED_AROSE, before->arose_on, after->arose_on},
        {KH_M_CHANGED_DUE, before->due_on, after->due_on},
        {KH_M_CHANGED_DISCHARGED, before->discharged_on, after->discharged_on},
        {KH_M_CHANGED_CONFIRMED, before->confirmed_on, after->confirmed_on},
    };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        add(changes, days[i].what, kh_words_day(days[i].before, "", arena), kh_words_day(days[i].after, "", arena));
    }
    add(changes, KH_M_CHANGED_PROVISIONAL, yes_or_no(changes, before->provisional),
        yes_or_no(changes, after->provisional));
    add(changes, KH_M_CHANGED_OBLIGED, obliged(before, arena), obliged(after, arena));
}

kh_text kh_change_told(const kh_changes *changes, const kh_change *change)
{
    kh_filling fillings[] = {{"obligation", change->obligation}, {"before", change->before}, {"after", change->after}};
    return kh_message_fill(changes->language, change->what, fillings, 3, changes->arena);
}
