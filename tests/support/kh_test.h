/* cmocka's include order, and what every test uses. */
#ifndef KH_TEST_H
#define KH_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* After the above: cmocka.h needs them. */
#include <cmocka.h>

#include "kakehashi/arena.h"

#define assert_rc(actual, expected) assert_int_equal((actual), (expected))
#define assert_text(actual, expected)                                                                                  \
    do {                                                                                                               \
        kh_text kh_actual_ = (actual);                                                                                 \
        kh_text kh_expected_ = kh_text_of(expected);                                                                   \
        if (!kh_text_equal(kh_actual_, kh_expected_)) {                                                                \
            fail_msg("text is \"%.*s\", expected \"%.*s\"", KH_TEXT_ARGS(kh_actual_), KH_TEXT_ARGS(kh_expected_));     \
        }                                                                                                              \
    } while (0)

/*! malloc that can be told to fail; counts what is not yet released. */
typedef struct kh_test_memory {
    kh_memory memory;
    long live;
    long countdown; /*!< the allocation that fails: 0 is the next one; below 0 none */
} kh_test_memory;

static inline void *kh_test_memory_allocate(void *self, size_t size)
{
    kh_test_memory *memory = self;
    if (memory->countdown == 0) {
        memory->countdown = -1;
        return NULL;
    }
    if (memory->countdown > 0) {
        memory->countdown--;
    }
    memory->live++;
    return malloc(size);
}

static inline void kh_test_memory_release(void *self, void *block)
{
    kh_test_memory *memory = self;
    if (block != NULL) {
        memory->live--;
    }
    free(block);
}

/*! \param countdown  see kh_test_memory; -1: never fails. */
static inline void kh_test_memory_init(kh_test_memory *memory, long countdown)
{
    memory->memory = (kh_memory){kh_test_memory_allocate, kh_test_memory_release, memory};
    memory->live = 0;
    memory->countdown = countdown;
}

#endif
