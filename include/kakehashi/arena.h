/* The only allocator of the core: slices of big blocks, all freed in one step. */
#ifndef KAKEHASHI_ARENA_H
#define KAKEHASHI_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

/*! Where an arena gets its blocks: malloc and free in the programs, one that fails on purpose in tests. */
typedef struct kh_memory {
    void *(*allocate)(void *self, size_t size); /*!< NULL when there is none */
    void (*release)(void *self, void *block);
    void *self;
} kh_memory;

typedef struct kh_arena_block kh_arena_block;

/*! Caller's storage: kh_arena_init pairs with kh_arena_deinit. Not for two threads at once. */
typedef struct kh_arena {
    const kh_memory *memory;
    kh_arena_block *blocks; /*!< in use, newest first */
    kh_arena_block *spare;  /*!< kept by kh_arena_reset */
    size_t block_size;
    char *next;
    size_t left;
    bool failed;
} kh_arena;

/*! \param block_size  bytes asked of \a memory at a time; a larger request gets a block of its own.
 *  \param memory      borrowed, must outlive the arena. Nothing is allocated yet. */
void kh_arena_init(kh_arena *arena, size_t block_size, const kh_memory *memory);

/*! Frees everything; the arena may be initialised again. */
void kh_arena_deinit(kh_arena *arena);

/*! Everything allocated so far is gone, and `failed` is cleared. Ordinary blocks are kept for reuse, so that a batch
 * finds its memory where the last one left it; larger ones are released. */
void kh_arena_reset(kh_arena *arena);

/*! \return zeroed storage aligned for any type; NULL when memory is out (then kh_arena_failed). A size of 0 is as 1. */
KH_MUSTCHECK void *kh_arena_allocate(kh_arena *arena, size_t size);

/*! As kh_arena_allocate(count * size), NULL if that overflows. */
KH_MUSTCHECK void *kh_arena_allocate_array(kh_arena *arena, size_t count, size_t size);

/*! As kh_arena_allocate, but not zeroed. */
KH_MUSTCHECK void *kh_arena_allocate_raw(kh_arena *arena, size_t size);

/*! A copy in the arena, with a NUL behind it that `length` does not count. \return KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_arena_copy_text(kh_arena *arena, kh_text text, kh_text *out);

/*! The parts one behind the other. \return the text; an empty one when memory is out (then kh_arena_failed). */
kh_text kh_arena_join(kh_arena *arena, const kh_text *parts, size_t count);

/*! A number in decimal; as kh_arena_join. */
kh_text kh_arena_number(kh_arena *arena, int64_t number);

/*! printf into the arena; slower than the two above. \return the text; an empty one when memory is out (then
 * kh_arena_failed). */
kh_text kh_arena_print(kh_arena *arena, const char *format, ...) KH_PRINTF(2, 3);

/*! An allocation has failed since the last init or reset. */
bool kh_arena_failed(const kh_arena *arena);

#endif
