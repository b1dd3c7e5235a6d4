#include "app/discrepancy.h"

#define STATEMENTS_TOLD 3

const char *kh_discrepancy_name(kh_discrepancy_kind kind)
{
    static const char *const NAMES[KH_DISCREPANCIES] = {
        [KH_DISCREPANCY_ONLY_LIVE] = "onlyLive",    [KH_DISCREPANCY_ONLY_REPLAY] = "onlyReplay",
        [KH_DISCREPANCY_FACTS] = "facts",           [KH_DISCREPANCY_STANDING] = "standing",
        [KH_DISCREPANCY_OUTCOME] = "outcome",       [KH_DISCREPANCY_RESIDUAL] = "residual",
        [KH_DISCREPANCY_OBLIGATION] = "obligation", [KH_DISCREPANCY_OTHER] = "other",
    };
    return kind < KH_DISCREPANCIES ? NAMES[kind] : "?";
}

static bool has(const kh_differences *differences, kh_difference_kind kind)
{
    for (uint32_t i = 0; i < differences->count; i++) {
        if (differences->items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

kh_discrepancy_kind kh_discrepancy_of(const kh_differences *differences)
{
    if (differences->count > 0 && differences->items[0].obligation != 0) {
        return KH_DISCREPANCY_OBLIGATION;
    }
    if (has(differences, KH_DIFFERENCE_OUTCOME) || has(differences, KH_DIFFERENCE_REASONS)) {
        return KH_DISCREPANCY_OUTCOME;
    }
    return has(differences, KH_DIFFERENCE_RESIDUAL) || has(differences, KH_DIFFERENCE_COUNTS_AS)
               ? KH_DISCREPANCY_RESIDUAL
               : KH_DISCREPANCY_OTHER;
}

static bool has_statement(const kh_facts *facts, kh_text participant, const kh_statement *wanted)
{
    const kh_part *part = kh_facts_part(facts, participant);
    for (uint32_t i = 0; part != NULL && i < part->statement_count; i++) {
        if (kh_statement_compare(part->statements[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

kh_text kh_discrepancy_statements(const kh_facts *has, const kh_facts *has_not, kh_arena *arena)
{
    kh_text out = KH_TEXT("");
    uint32_t found = 0;
    for (uint32_t p = 0; p < has->part_count; p++) {
        const kh_part *part = &has->parts[p];
        for (uint32_t i = 0; i < part->statement_count; i++) {
            if (has_statement(has_not, part->participant, part->statements[i])) {
                continue;
            }
            if (found++ < STATEMENTS_TOLD) {
                out = kh_arena_print(arena, "%.*s%s%.*s's event %.*s", KH_TEXT_ARGS(out), out.length == 0 ? "" : ", ",
                                     KH_TEXT_ARGS(part->participant), KH_TEXT_ARGS(part->statements[i]->event_id));
            }
        }
    }
    return found <= STATEMENTS_TOLD
               ? out
               : kh_arena_print(arena, "%.*s and %u more", KH_TEXT_ARGS(out), (unsigned)(found - STATEMENTS_TOLD));
}
