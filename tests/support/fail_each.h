/* Some work is done again and again, and each of its allocations fails once, in turn: it must say KH_E_MEMORY and leak
 * nothing. */
#ifndef KH_TEST_FAIL_EACH_H
#define KH_TEST_FAIL_EACH_H

#include "support/kh_test.h"

/*! The work. \param arena  empty at first; its blocks are small, so that nearly each allocation is a block. */
typedef kh_rc kh_test_work(kh_arena *arena, const void *input);

/*! \param memory      where the arena has its blocks from; a library's allocator may be given the same one, and then
 *                     fails in its turn.
 *  \param expected    what the work says when nothing fails.
 *  \param may_differ  a failure may be said otherwise than by KH_E_MEMORY.
 *  \return how many allocations the work makes. */
static inline long kh_test_fail_each(kh_test_memory *memory, kh_test_work *work, const void *input, kh_rc expected,
                                     bool may_differ)
{
    for (long allocations = 0;; allocations++) {
        kh_arena arena;
        kh_test_memory_init(memory, allocations);
        kh_arena_init(&arena, 64, &memory->memory);
        kh_rc rc = work(&arena, input);
        bool failed = memory->countdown < 0;
        kh_arena_deinit(&arena);
        assert_int_equal(memory->live, 0);
        if (!failed) {
            assert_rc(rc, expected);
            return allocations;
        }
        if (!may_differ && rc != KH_E_MEMORY) {
            fail_msg("allocation %ld failed, and the work said %d", allocations, (int)rc);
        }
    }
}

#endif
