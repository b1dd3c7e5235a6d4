#include "kakehashi/facts.h"

#define BIT(reg) (1U << (reg))

/* The table of who keeps what: one row for each body. */
static uint32_t registers_of(const kh_body *body)
{
    uint32_t details = body->details != NULL ? BIT(KH_REGISTER_DETAILS) : 0;
    uint32_t evidence = body->evidence != NULL ? BIT(KH_REGISTER_EVIDENCE) : 0;
    switch (body->kind) {
    case KH_LABEL_ISSUED:
        return BIT(KH_REGISTER_ORIGIN) | BIT(KH_REGISTER_EVIDENCE) | BIT(KH_REGISTER_DETAILS) |
               BIT(KH_REGISTER_VALIDITY);
    case KH_LABEL_AMENDED:
        return details | evidence;
    case KH_LABEL_RENEWED:
        return BIT(KH_REGISTER_VALIDITY) | details;
    case KH_LABEL_SUSPENDED:
    case KH_SUSPENSION_LIFTED:
        return BIT(KH_REGISTER_SUSPENSION);
    case KH_LABEL_REVOKED:
    case KH_REVOCATION_WITHDRAWN:
        return BIT(KH_REGISTER_REVOCATION);
    case KH_REVOCATION_NOTICE_GIVEN:
        return BIT(KH_REGISTER_NOTICE_GIVEN);
    case KH_REVOCATION_NOTICE_RECEIVED:
        return BIT(KH_REGISTER_NOTICE_RECEIVED);
    case KH_DISPUTE_RAISED:
        return BIT(KH_REGISTER_CONSULTATION);
    case KH_DISPUTE_SETTLED:
    case KH_DISPUTE_FAILED:
        return BIT(KH_REGISTER_CONSULTATION) | BIT(KH_REGISTER_EXCLUSION);
    case KH_MEASURE_TAKEN:
    case KH_MEASURE_LIFTED:
        return BIT(KH_REGISTER_MEASURE);
    case KH_TERMINATION_NOTICED:
    case KH_TERMINATION_WITHDRAWN:
        return BIT(KH_REGISTER_TERMINATION);
    case KH_AMENDMENT_CONSENTED:
        return BIT(KH_REGISTER_CONSENT);
    case KH_CONSULTATION_HELD:
        return BIT(KH_REGISTER_CONSULTATION_HELD);
    }
    return 0;
}

/* Whether a higher statement of the same register makes a lower one as if it had never been made. */
static bool covers(kh_register reg, const kh_body *higher, const kh_body *lower)
{
    switch (reg) {
    case KH_REGISTER_ORIGIN:
    case KH_REGISTER_EVIDENCE:
        return true;
    case KH_REGISTER_CONSENT:
        return kh_text_equal(higher->rule_pack_sha256, lower->rule_pack_sha256);
    case KH_REGISTER_REVOCATION:
        return higher->day <= lower->day && higher->decided_on <= lower->decided_on;
    default:
        return higher->day <= lower->day;
    }
}

/* Only in these a statement that was kept last does not say alone whether a lower one is covered. */
static bool is_partly_ordered(kh_register reg)
{
    return reg == KH_REGISTER_REVOCATION || reg == KH_REGISTER_CONSENT;
}

/* Sets bit r of masks[i] when register r keeps statement i. The statements ascend. */
static void mask_kept(const kh_statement *const *statements, uint32_t count, uint16_t *masks)
{
    uint32_t lowest_kept[KH_REGISTERS] = {0}; /* index + 1 of the lowest kept so far; its day is the earliest */
    for (uint32_t i = count; i-- > 0;) {
        const kh_body *body = &statements[i]->body;
        uint32_t wanted = registers_of(body);
        masks[i] = 0;
        for (kh_register reg = 0; reg < KH_REGISTERS; reg++) {
            if ((wanted & BIT(reg)) == 0) {
                continue;
            }
            bool covered = false;
            uint32_t last = is_partly_ordered(reg) ? count : lowest_kept[reg];
            for (uint32_t j = lowest_kept[reg]; j > 0 && j <= last && !covered; j++) {
                covered = (masks[j - 1] & BIT(reg)) != 0 && covers(reg, &statements[j - 1]->body, body);
            }
            if (!covered) {
                masks[i] = (uint16_t)(masks[i] | BIT(reg));
                lowest_kept[reg] = i + 1;
            }
        }
    }
}

/* From ascending statements: drops the covered ones and fills the registers. */
static kh_rc fill_part(kh_part *part, const kh_statement *const *statements, uint32_t count, kh_arena *arena)
{
    uint16_t few[32];
    uint16_t *masks = count <= 32 ? few : kh_arena_allocate_raw(arena, count * sizeof *masks);
    if (masks == NULL) {
        return KH_E_MEMORY;
    }
    mask_kept(statements, count, masks);
    uint32_t sizes[KH_REGISTERS] = {0};
    uint32_t kept = 0;
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        kept += masks[i] != 0;
        for (uint32_t left = masks[i]; left != 0; left &= left - 1) {
            sizes[__builtin_ctz(left)]++;
            total++;
        }
    }
    const kh_statement **slots = kh_arena_allocate_raw(arena, (kept + total) * sizeof *slots);
    if (slots == NULL) {
        return KH_E_MEMORY;
    }
    const kh_statement **next[KH_REGISTERS];
    const kh_statement **start = slots + kept;
    for (kh_register reg = 0; reg < KH_REGISTERS; reg++) {
        part->registers[reg] = (kh_timeline){start, sizes[reg]};
        next[reg] = start;
        start += sizes[reg];
    }
    part->statements = slots;
    part->statement_count = kept;
    for (uint32_t i = 0; i < count; i++) {
        if (masks[i] != 0) {
            *slots++ = statements[i];
        }
        for (uint32_t left = masks[i]; left != 0; left &= left - 1) {
            *next[__builtin_ctz(left)]++ = statements[i];
        }
    }
    return KH_OK;
}

/* Index of the participant's part, or of where it would stand. */
static uint32_t find_part(const kh_facts *facts, kh_text participant, bool *found)
{
    uint32_t i = 0;
    int order = 1;
    while (i < facts->part_count && (order = kh_text_compare(facts->parts[i].participant, participant)) < 0) {
        i++;
    }
    *found = i < facts->part_count && order == 0;
    return i;
}

/* The facts with one part put in or replaced; the other parts are shared with the old value. */
static kh_rc with_part(const kh_facts *facts, uint32_t at, bool replaces, const kh_part *part, kh_arena *arena,
                       kh_facts *out)
{
    uint32_t count = facts->part_count + (replaces ? 0 : 1);
    kh_part *parts = kh_arena_allocate_raw(arena, count * sizeof *parts);
    if (parts == NULL) {
        return KH_E_MEMORY;
    }
    uint32_t behind = facts->part_count - at - (replaces ? 1 : 0);
    if (at > 0) {
        memcpy(parts, facts->parts, at * sizeof *parts);
    }
    parts[at] = *part;
    if (behind > 0) {
        memcpy(parts + at + 1, facts->parts + facts->part_count - behind, behind * sizeof *parts);
    }
    *out = (kh_facts){parts, count};
    return KH_OK;
}

/* Where the statement belongs among the part's, and what stands there already with its revision. */
static uint32_t find_place(const kh_part *part, const kh_statement *statement, bool *duplicate, kh_merge *merge)
{
    uint32_t place = part->statement_count;
    *duplicate = false;
    while (place > 0) {
        const kh_statement *other = part->statements[place - 1];
        int order = kh_statement_compare(other, statement);
        *duplicate = *duplicate || order == 0;
        if (order != 0 && other->revision == statement->revision) {
            merge->conflict = other;
        }
        if (other->revision < statement->revision) {
            break;
        }
        place--;
    }
    while (place < part->statement_count && kh_statement_compare(part->statements[place], statement) < 0) {
        place++;
    }
    return place;
}

kh_rc kh_facts_merge(kh_facts *facts, kh_text participant, const kh_statement *statement, kh_arena *arena,
                     kh_merge *out)
{
    kh_merge merge = {0};
    kh_part part = {.participant = participant};
    bool known = false;
    uint32_t at = find_part(facts, participant, &known);
    if (known) {
        part = facts->parts[at];
    }
    uint32_t count = part.statement_count;
    uint32_t highest = count == 0 ? 0 : part.statements[count - 1]->revision;
    merge.gap = statement->revision > highest && statement->revision - highest > 1;
    bool duplicate = false;
    uint32_t place = find_place(&part, statement, &duplicate, &merge);
    if (duplicate) {
        merge.conflict = NULL;
        *out = merge;
        return KH_OK;
    }
    const kh_statement **all = kh_arena_allocate_raw(arena, (count + 1) * sizeof *all);
    if (all == NULL) {
        return KH_E_MEMORY;
    }
    if (place > 0) {
        memcpy(all, part.statements, place * sizeof *all);
    }
    all[place] = statement;
    if (place < count) {
        memcpy(all + place + 1, part.statements + place, (count - place) * sizeof *all);
    }
    kh_rc rc = fill_part(&part, all, count + 1, arena);
    for (kh_register reg = 0; rc == KH_OK && reg < KH_REGISTERS; reg++) {
        rc = part.registers[reg].count > KH_REGISTER_LIMIT ? KH_E_REFUSED : KH_OK;
    }
    for (uint32_t i = 0; i < part.statement_count && !merge.changed; i++) {
        merge.changed = part.statements[i] == statement;
    }
    kh_facts merged = *facts;
    if (rc == KH_OK && merge.changed) {
        rc = with_part(facts, at, known, &part, arena, &merged);
    }
    if (rc == KH_OK) {
        *facts = merged;
        *out = merge;
    }
    return rc;
}

/* Stored parts come sorted; anything else is put in order here, one by one. */
static void sort_statements(const kh_statement **statements, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const kh_statement *moved = statements[i];
        uint32_t place = i;
        while (place > 0 && kh_statement_compare(statements[place - 1], moved) > 0) {
            statements[place] = statements[place - 1];
            place--;
        }
        statements[place] = moved;
    }
}

kh_rc kh_facts_build(kh_part *parts, uint32_t part_count, kh_arena *arena, kh_facts *out)
{
    for (uint32_t i = 0; i < part_count; i++) {
        uint32_t count = parts[i].statement_count;
        const kh_statement **sorted = kh_arena_allocate_raw(arena, count * sizeof *sorted);
        if (sorted == NULL) {
            return KH_E_MEMORY;
        }
        if (count > 0) {
            memcpy(sorted, parts[i].statements, count * sizeof *sorted);
        }
        sort_statements(sorted, count);
        kh_rc rc = fill_part(&parts[i], sorted, count, arena);
        if (rc != KH_OK) {
            return rc;
        }
        for (uint32_t j = i; j > 0 && kh_text_compare(parts[j - 1].participant, parts[j].participant) > 0; j--) {
            kh_part moved = parts[j];
            parts[j] = parts[j - 1];
            parts[j - 1] = moved;
        }
    }
    *out = (kh_facts){parts, part_count};
    return KH_OK;
}

const kh_part *kh_facts_part(const kh_facts *facts, kh_text participant)
{
    bool found = false;
    uint32_t at = find_part(facts, participant, &found);
    return found ? &facts->parts[at] : NULL;
}

const kh_statement *kh_timeline_on(const kh_timeline *timeline, kh_day day)
{
    uint32_t low = 0;
    uint32_t high = timeline->count;
    while (low < high) { /* the days ascend: the last that has come is the highest of those */
        uint32_t middle = low + (high - low) / 2;
        if (timeline->statements[middle]->body.day <= day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : timeline->statements[low - 1];
}

const kh_statement *kh_timeline_highest(const kh_timeline *timeline)
{
    return timeline->count == 0 ? NULL : timeline->statements[timeline->count - 1];
}

const kh_origin *kh_facts_origin(const kh_facts *facts, kh_text label)
{
    const kh_part *home = kh_facts_part(facts, kh_subject_participant(label));
    const kh_statement *issue = home == NULL ? NULL : kh_timeline_highest(&home->registers[KH_REGISTER_ORIGIN]);
    return issue == NULL ? NULL : issue->body.origin;
}
