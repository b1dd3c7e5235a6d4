#include "kakehashi/pack_difference.h"

typedef struct comparison {
    const kh_rule_pack *before;
    const kh_rule_pack *after;
    kh_arena *arena;
    kh_pack_difference *items;
    uint32_t count;
} comparison;

static kh_pack_difference *add(comparison *of, kh_pack_difference difference)
{
    of->items[of->count] = difference;
    return &of->items[of->count++];
}

static void compare_texts(comparison *of, kh_pack_difference like, kh_text before, kh_text after)
{
    if (!kh_text_equal(before, after)) {
        like.before = before;
        like.after = after;
        (void)add(of, like);
    }
}

static void compare_numbers(comparison *of, kh_pack_difference like, int64_t before, int64_t after)
{
    if (before != after) {
        like.before = kh_arena_number(of->arena, before);
        like.after = kh_arena_number(of->arena, after);
        (void)add(of, like);
    }
}

static kh_text date(comparison *of, kh_day day)
{
    char text[KH_DATE_SIZE + 1];
    if (day == KH_DAY_NONE) {
        return KH_TEXT("");
    }
    kh_day_print(day, text);
    return kh_arena_print(of->arena, "%s", text);
}

#define WHOLE(name, number) ((kh_pack_difference){.kind = KH_PACK_DIFFERENCE_##name, .article = KH_TEXT(number)})

static void compare_terms(comparison *of)
{
    const kh_rule_pack *a = of->before;
    const kh_rule_pack *b = of->after;
    compare_texts(of, WHOLE(ARRANGEMENT, ""), a->arrangement, b->arrangement);
    compare_texts(of, WHOLE(TITLE, ""), a->title, b->title);
    compare_texts(of, WHOLE(FORCE, "9"), a->amends ? KH_TEXT("BY_CONSENT") : KH_TEXT("AS_SIGNED"),
                  b->amends ? KH_TEXT("BY_CONSENT") : KH_TEXT("AS_SIGNED"));
    compare_texts(of, WHOLE(SIGNED_ON, ""), date(of, a->signed_on), date(of, b->signed_on));
    compare_texts(of, WHOLE(EFFECTIVE_FROM, "11.2"), date(of, a->effective_from), date(of, b->effective_from));
    compare_numbers(of, WHOLE(TERM, "11.2"), a->term_years, b->term_years);
    compare_numbers(of, WHOLE(TERMINATION_NOTICE, "11.3"), a->termination_notice_months, b->termination_notice_months);
    compare_numbers(of, WHOLE(REVOCATION_NOTICE, "3.6"), a->revocation_notice_business_days,
                    b->revocation_notice_business_days);
    compare_numbers(of, WHOLE(CONSULTATION, "4.2"), a->consultation_months, b->consultation_months);
}

static bool lists(const kh_text *texts, uint32_t count, kh_text wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (kh_text_equal(texts[i], wanted)) {
            return true;
        }
    }
    return false;
}

/* Each that only one of two lists has. */
static void compare_lists(comparison *of, kh_pack_difference like, const kh_text *before, uint32_t before_count,
                          const kh_text *after, uint32_t after_count)
{
    for (uint32_t i = 0; i < before_count; i++) {
        if (!lists(after, after_count, before[i])) {
            add(of, like)->before = before[i];
        }
    }
    for (uint32_t i = 0; i < after_count; i++) {
        if (!lists(before, before_count, after[i])) {
            add(of, like)->after = after[i];
        }
    }
}

static kh_text offset_text(comparison *of, int32_t minutes)
{
    int32_t positive = minutes < 0 ? -minutes : minutes;
    return kh_arena_print(of->arena, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(positive / 60),
                          (int)(positive % 60));
}

static kh_text levels(comparison *of, const kh_participant *participant)
{
    return kh_arena_print(of->arena, "%u - %u", (unsigned)participant->level_first, (unsigned)participant->level_last);
}

#define OF(name, number, whose)                                                                                        \
    ((kh_pack_difference){.kind = KH_PACK_DIFFERENCE_##name, .article = KH_TEXT(number), .subject = (whose)})

static void compare_participant(comparison *of, const kh_participant *a, const kh_participant *b)
{
    compare_texts(of, OF(AUTHORITY, "", a->id), a->authority, b->authority);
    compare_texts(of, OF(SCHEME, "2", a->id), a->scheme, b->scheme);
    compare_texts(of, OF(LEVELS, "", a->id), levels(of, a), levels(of, b));
    compare_numbers(of, OF(BASELINE, "3.3", a->id), a->baseline_level, b->baseline_level);
    compare_texts(of, OF(UTC_OFFSET, "", a->id), offset_text(of, a->utc_offset_minutes),
                  offset_text(of, b->utc_offset_minutes));
    compare_texts(of, OF(CALENDAR, "3.6", a->id), a->calendar, b->calendar);
    compare_lists(of, OF(CATEGORY, "2", a->id), a->categories, a->category_count, b->categories, b->category_count);
}

static void compare_participants(comparison *of)
{
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        const kh_participant *one = &of->before->participants[i];
        const kh_participant *other = kh_rule_pack_participant(of->after, one->id);
        if (other == NULL) {
            add(of, WHOLE(PARTICIPANT, ""))->before = one->id;
        } else {
            compare_participant(of, one, other);
        }
    }
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        if (kh_rule_pack_participant(of->before, of->after->participants[i].id) == NULL) {
            add(of, WHOLE(PARTICIPANT, ""))->after = of->after->participants[i].id;
        }
    }
}

static const kh_table *find_table(const kh_rule_pack *pack, kh_text id)
{
    for (uint32_t i = 0; i < pack->table_count; i++) {
        if (kh_text_equal(pack->tables[i].id, id)) {
            return &pack->tables[i];
        }
    }
    return NULL;
}

/* \return its place; the count if the table has no such row. */
static uint32_t find_row(const kh_table *table, kh_text requirement)
{
    uint32_t i = 0;
    while (i < table->requirement_count && !kh_text_equal(table->requirements[i].requirement, requirement)) {
        i++;
    }
    return i;
}

static kh_text equivalence_name(kh_equivalence equivalence)
{
    switch (equivalence) {
    case KH_EQUIVALENCE_FULL:
        return KH_TEXT("FULL");
    case KH_EQUIVALENCE_PARTIAL:
        return KH_TEXT("PARTIAL");
    case KH_EQUIVALENCE_NONE:
        return KH_TEXT("NONE");
    }
    return KH_TEXT("");
}

static kh_pack_difference of_row(kh_pack_difference_kind kind, const kh_requirement *row)
{
    return (kh_pack_difference){.kind = kind, .citation = row->citation, .subject = row->requirement};
}

static void add_row(comparison *of, const kh_requirement *cited, const kh_requirement *before,
                    const kh_requirement *after)
{
    kh_pack_difference *row = add(of, of_row(KH_PACK_DIFFERENCE_REQUIREMENT, cited));
    if (before != NULL) {
        row->equivalence_before = before->equivalence;
        row->before = equivalence_name(before->equivalence);
    }
    if (after != NULL) {
        row->equivalence_after = after->equivalence;
        row->after = equivalence_name(after->equivalence);
    }
}

/* Rows of one requirement in both tables. */
static void compare_row(comparison *of, const kh_requirement *a, const kh_requirement *b)
{
    if (a->equivalence != b->equivalence) {
        add_row(of, a, a, b);
    }
    compare_texts(of, of_row(KH_PACK_DIFFERENCE_ROW_CITATION, a), a->citation, b->citation);
}

/* The rows that both tables have, in the order of the first. */
static kh_text common_rows(comparison *of, const kh_table *table, const kh_table *other)
{
    kh_text out = KH_TEXT("");
    for (uint32_t i = 0; i < table->requirement_count; i++) {
        kh_text id = table->requirements[i].requirement;
        if (find_row(other, id) < other->requirement_count) {
            out = kh_arena_print(of->arena, "%.*s%s%.*s", KH_TEXT_ARGS(out), out.length == 0 ? "" : ", ",
                                 KH_TEXT_ARGS(id));
        }
    }
    return out;
}

static void compare_rows(comparison *of, const kh_table *a, const kh_table *b)
{
    for (uint32_t i = 0; i < a->requirement_count; i++) {
        const kh_requirement *row = &a->requirements[i];
        uint32_t at = b == NULL ? 0 : find_row(b, row->requirement);
        if (b == NULL || at == b->requirement_count) {
            add_row(of, row, row, NULL);
            continue;
        }
        compare_row(of, row, &b->requirements[at]);
    }
}

static void add_new_rows(comparison *of, const kh_table *before, const kh_table *after)
{
    for (uint32_t i = 0; i < after->requirement_count; i++) {
        const kh_requirement *row = &after->requirements[i];
        if (before == NULL || find_row(before, row->requirement) == before->requirement_count) {
            add_row(of, row, NULL, row);
        }
    }
}

static kh_text direction(comparison *of, const kh_table *table)
{
    return table == NULL ? KH_TEXT("")
                         : kh_arena_print(of->arena, "%.*s > %.*s", KH_TEXT_ARGS(table->from), KH_TEXT_ARGS(table->to));
}

static void compare_table(comparison *of, const kh_table *a, const kh_table *b)
{
    const kh_table *either = a != NULL ? a : b;
    kh_pack_difference cited = {.citation = either->id, .subject = either->id};
    cited.kind = KH_PACK_DIFFERENCE_TABLE;
    compare_texts(of, cited, direction(of, a), direction(of, b));
    cited.kind = KH_PACK_DIFFERENCE_TABLE_CATEGORY;
    compare_lists(of, cited, a == NULL ? NULL : a->categories, a == NULL ? 0 : a->category_count,
                  b == NULL ? NULL : b->categories, b == NULL ? 0 : b->category_count);
    if (a != NULL && b != NULL) {
        cited.kind = KH_PACK_DIFFERENCE_ROW_ORDER;
        compare_texts(of, cited, common_rows(of, a, b), common_rows(of, b, a));
    }
    if (a != NULL) {
        compare_rows(of, a, b);
    }
    if (b != NULL) {
        add_new_rows(of, a, b);
    }
}

static void compare_tables(comparison *of)
{
    for (uint32_t i = 0; i < of->before->table_count; i++) {
        compare_table(of, &of->before->tables[i], find_table(of->after, of->before->tables[i].id));
    }
    for (uint32_t i = 0; i < of->after->table_count; i++) {
        if (find_table(of->before, of->after->tables[i].id) == NULL) {
            compare_table(of, NULL, &of->after->tables[i]);
        }
    }
}

/* At least as many as there can be differences: all that a pack has besides lists, and each line of those. */
static size_t bound(const kh_rule_pack *pack)
{
    size_t most = 40;
    for (size_t i = 0; i < KH_PARTICIPANTS; i++) {
        most += pack->participants[i].category_count;
    }
    for (uint32_t i = 0; i < pack->table_count; i++) {
        most += 2 + pack->tables[i].category_count + (size_t)2 * pack->tables[i].requirement_count;
    }
    return most;
}

kh_rc kh_rule_packs_compare(const kh_rule_pack *before, const kh_rule_pack *after, kh_arena *arena,
                            kh_pack_difference **out, uint32_t *count)
{
    comparison of = {.before = before, .after = after, .arena = arena};
    of.items = kh_arena_allocate_array(arena, bound(before) + bound(after), sizeof *of.items);
    if (of.items == NULL) {
        return KH_E_MEMORY;
    }
    compare_terms(&of);
    compare_participants(&of);
    compare_tables(&of);
    if (kh_arena_failed(arena)) {
        return KH_E_MEMORY;
    }
    *out = of.items;
    *count = of.count;
    return KH_OK;
}

kh_text kh_pack_difference_name(kh_pack_difference_kind kind)
{
    static const char *const names[KH_PACK_DIFFERENCE_KINDS] = {
#define NAME(name) [KH_PACK_DIFFERENCE_##name] = #name,
        KH_PACK_DIFFERENCES(NAME)
#undef NAME
    };
    return kh_text_of(kind < KH_PACK_DIFFERENCE_KINDS ? names[kind] : "");
}
