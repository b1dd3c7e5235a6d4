/* For programs that count no allocations: malloc as a kh_memory. */
#ifndef PLAIN_HEAP_H
#define PLAIN_HEAP_H

#include <stdlib.h>

#include "kakehashi/arena.h"

static inline void *plain_heap_allocate(void *self, size_t size)
{
    (void)self;
    return malloc(size);
}

static inline void plain_heap_release(void *self, void *block)
{
    (void)self;
    free(block);
}

static const kh_memory PLAIN_HEAP = {plain_heap_allocate, plain_heap_release, NULL};

#endif
