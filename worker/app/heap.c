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

bool kh_heap_grow(void **items, size_t *size, size_t count, size_t item_size)
{
    if (count < *size) {
        return true;
    }
    size_t wanted = *size == 0 ? 256 : *size * 2;
    void *grown = realloc(*items, wanted * item_size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *size = wanted;
    return true;
}
