#include "app/world.h"

#include "app/heap.h"
#include "support/kh_test.h"

static const kh_rule_pack JP_SG_1 = {.id = KH_TEXT("jp-sg-1"), .arrangement = KH_TEXT("jp-sg")};
static const kh_rule_pack JP_SG_2 = {.id = KH_TEXT("jp-sg-2"), .arrangement = KH_TEXT("jp-sg"), .amends = true};
static const kh_rule_pack KR_SG_1 = {.id = KH_TEXT("kr-sg-1"), .arrangement = KH_TEXT("kr-sg")};
static const kh_rule_pack JP_KR_1 = {.id = KH_TEXT("jp-kr-1"), .arrangement = KH_TEXT("jp-kr")};
static const kh_rule_pack *const PACKS[] = {&JP_SG_1, &JP_SG_2, &KR_SG_1, &JP_KR_1};

static kh_rc nothing_stated(void *self, kh_text subject, kh_text *facts)
{
    (void)self;
    (void)subject;
    *facts = KH_TEXT("");
    return KH_OK;
}

/* What several arrangements owe at one instant is told by subject: offline and live name the packs in orders of their
 * own. */
static void arrangements_ascend_however_the_packs_are_named(void **state)
{
    (void)state;
    static const uint8_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 3, 0, 1}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const kh_rule_pack *packs[4];
        for (size_t j = 0; j < 4; j++) {
            packs[j] = PACKS[orders[i][j]];
        }
        const kh_rule_book book = {.packs = packs, .pack_count = 4};
        kh_arena arena;
        kh_world world;
        kh_arena_init(&arena, 4096, kh_heap());
        assert_rc(kh_world_build(&book, nothing_stated, NULL, &arena, &world), KH_OK);
        assert_int_equal(world.count, 3);
        assert_text(world.arrangements[0].subject, "arrangement/jp-kr");
        assert_text(world.arrangements[1].subject, "arrangement/jp-sg");
        assert_text(world.arrangements[2].subject, "arrangement/kr-sg");
        kh_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(arrangements_ascend_however_the_packs_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
