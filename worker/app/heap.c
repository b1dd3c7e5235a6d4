#include "app/heap.h"

#include <stdlib.h>

static void *allocate(void *self, size_t size)
{
    (void)self;
    return malloc(size);
}

static void release(void *self, void *block)
{
    (void)self;
    free(block);
}

const kh_memory *kh_heap(void)
{
    static const kh_memory heap = {allocate, release, NULL};
    return &heap;
}
