/* What each test of the core starts from. */
#ifndef KH_TEST_CORE_STATE_H
#define KH_TEST_CORE_STATE_H

#include "kakehashi/decision.h"
#include "support/core_fixture.h"
#include "support/history.h"
#include "support/kh_test.h"

typedef struct core_state {
    kh_test_memory memory;
    kh_arena arena;
    kh_test_book book;
    kh_test_history history; /*!< of the label "SG/1" */
    kh_facts about;          /*!< what `build` read about the arrangement */
    kh_arrangement arrangement;
} core_state;

static inline int core_setup(void **state)
{
    core_state *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return -1;
    }
    kh_test_memory_init(&core->memory, -1);
    kh_arena_init(&core->arena, (size_t)1 << 16, &core->memory.memory);
    kh_test_book_init(&core->book);
    kh_test_history_init(&core->history, "SG/1", &core->arena);
    *state = core;
    return 0;
}

static inline int core_teardown(void **state)
{
    core_state *core = *state;
    kh_arena_deinit(&core->arena);
    int left = core->memory.live == 0 ? 0 : -1;
    free(core);
    return left;
}

/*! The arrangement as the history has it. */
static inline const kh_arrangement *core_arrangement(core_state *core)
{
    core->about = kh_test_history_facts(&core->history, KH_TEXT("arrangement/jp-sg"), false);
    assert_rc(kh_arrangement_build(&core->book.book, KH_TEXT("jp-sg"), &core->about, &core->arena, &core->arrangement),
              KH_OK);
    return &core->arrangement;
}

/*! Forgets the history. */
static inline void core_again(core_state *core)
{
    kh_test_history_init(&core->history, "SG/1", &core->arena);
}

#define CORE_TEST(test) cmocka_unit_test_setup_teardown(test, core_setup, core_teardown)

#endif
