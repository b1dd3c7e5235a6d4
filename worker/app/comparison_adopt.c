/* Putting in force what a replay was begun with. Nothing of the replay is copied: the live workers decide again. */
#include "app/comparison.h"
#include "app/heap.h"
#include "app/rules_store.h"

static const kh_place PLACE = {"replay", 0, 0};

static kh_rc refuse_others(const kh_comparison *of, kh_problems *problems)
{
    for (size_t i = 0; i < of->rule_count; i++) {
        const kh_rules_discrepancy *rule = &of->rules[i];
        if (!rule->given) {
            kh_problems_add(problems, PLACE, KH_TEXT(""),
                            "%s %.*s is not the live deployment's any more: it was loaded there since the replay was "
                            "begun. What would come of the two together was not replayed: drop the replay and start "
                            "again",
                            kh_rules_store_kind_name(rule->kind), KH_TEXT_ARGS(rule->id));
        }
    }
    return kh_problems_rc(problems);
}

kh_rc kh_comparison_may_adopt(const kh_replay *replay, const kh_comparison *of, kh_problems *problems)
{
    const kh_replay_row *row = kh_replay_row_of(replay);
    if (!kh_comparison_facts_alike(of)) {
        kh_problems_add(problems, PLACE, KH_TEXT(""), "the facts are not alike: `kakehashi replay compare` names them");
    }
    if (row->given_count == 0) {
        kh_problems_add(problems, PLACE, KH_TEXT(""),
                        "it was begun with the live deployment's own rules: there is "
                        "nothing to put in force");
    }
    for (size_t i = 0; i < row->given_count; i++) {
        if (row->given[i].kind == KH_STORED_PACK) {
            kh_problems_add(problems, PLACE, KH_TEXT(""),
                            "it was begun with the rule pack %.*s. A rule pack is adopted by the arrangement's own "
                            "amendment alone (Art 9): `rules load` it under an id of its own, and both participants "
                            "consent to its SHA-256 by an event. For policies or a calendar start a replay with those "
                            "only",
                            KH_TEXT_ARGS(row->given[i].id));
        }
    }
    return refuse_others(of, problems);
}

static bool is_given(const kh_replay_row *row, const kh_rule_file *file)
{
    for (size_t i = 0; i < row->given_count; i++) {
        if (kh_text_equal(row->given[i].digest, file->sha256)) {
            return true;
        }
    }
    return false;
}

static kh_rc read_given(kh_replay *replay, kh_arena *arena, kh_problems *problems, kh_rule_file **out, uint32_t *count)
{
    kh_rule_file *files = NULL;
    uint32_t all = 0;
    kh_rc rc = kh_rules_store_read_files(kh_replay_database(replay), arena, problems, &files, &all);
    *count = 0;
    for (uint32_t i = 0; rc == KH_OK && i < all; i++) {
        if (is_given(kh_replay_row_of(replay), &files[i])) {
            files[(*count)++] = files[i];
        }
    }
    *out = files;
    return rc == KH_OK || problems->count > 0
               ? rc
               : kh_reach_failed(kh_replay_settings_of(replay), kh_replay_database(replay), problems, rc);
}

kh_rc kh_comparison_adopt(kh_replay *replay, const kh_settings *live, kh_text by, kh_problems *problems, size_t *added)
{
    kh_database *database = NULL;
    kh_rule_file *files = NULL;
    uint32_t count = 0;
    kh_arena arena;
    kh_arena_init(&arena, 65536, kh_heap());
    kh_rc rc = read_given(replay, &arena, problems, &files, &count);
    if (rc == KH_OK) {
        rc = kh_reach_schema(live, problems, &database, NULL);
    }
    if (rc == KH_OK) {
        rc = kh_rules_store_load(database, files, count, by, &arena, problems, added);
        if (rc != KH_OK && rc != KH_E_MEMORY && problems->count == 0) {
            (void)kh_reach_failed(live, database, problems, rc);
        }
    }
    kh_reach_close(database);
    kh_arena_deinit(&arena);
    return rc;
}
