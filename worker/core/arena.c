#include "kakehashi/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

struct kh_arena_block {
    kh_arena_block *older;
    size_t size; /* of the storage behind this header */
};

#define HEADER_SIZE ((sizeof(kh_arena_block) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

void kh_arena_init(kh_arena *arena, size_t block_size, const kh_memory *memory)
{
    *arena = (kh_arena){.memory = memory, .block_size = block_size};
}

static void release_from(kh_arena *arena, kh_arena_block *block)
{
    while (block != NULL) {
        kh_arena_block *older = block->older;
        arena->memory->release(arena->memory->self, block);
        block = older;
    }
}

void kh_arena_deinit(kh_arena *arena)
{
    release_from(arena, arena->blocks);
    release_from(arena, arena->spare);
    arena->blocks = NULL;
    arena->spare = NULL;
    arena->next = NULL;
    arena->left = 0;
}

void kh_arena_reset(kh_arena *arena)
{
    arena->failed = false;
    while (arena->blocks != NULL) {
        kh_arena_block *block = arena->blocks;
        arena->blocks = block->older;
        if (block->size == arena->block_size) {
            block->older = arena->spare;
            arena->spare = block;
        } else {
            arena->memory->release(arena->memory->self, block);
        }
    }
    arena->next = NULL;
    arena->left = 0;
}

static bool add_block(kh_arena *arena, size_t size)
{
    size_t wanted = size > arena->block_size ? size : arena->block_size;
    kh_arena_block *block = NULL;
    if (wanted == arena->block_size && arena->spare != NULL) {
        block = arena->spare;
        arena->spare = block->older;
    } else if (wanted <= SIZE_MAX - HEADER_SIZE) {
        block = arena->memory->allocate(arena->memory->self, HEADER_SIZE + wanted);
    }
    if (block == NULL) {
        arena->failed = true;
        return false;
    }
    block->older = arena->blocks;
    block->size = wanted;
    arena->blocks = block;
    arena->next = (char *)block + HEADER_SIZE;
    arena->left = wanted;
    return true;
}

void *kh_arena_allocate_raw(kh_arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit) {
        arena->failed = true;
        return NULL;
    }
    size_t rounded = size == 0 ? unit : (size + unit - 1) / unit * unit;
    if (rounded > arena->left && !add_block(arena, rounded)) {
        return NULL;
    }
    void *slice = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    return slice;
}

void *kh_arena_allocate(kh_arena *arena, size_t size)
{
    void *slice = kh_arena_allocate_raw(arena, size);
    if (slice != NULL) {
        memset(slice, 0, size);
    }
    return slice;
}

void *kh_arena_allocate_array(kh_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->failed = true;
        return NULL;
    }
    return kh_arena_allocate(arena, count * size);
}

kh_rc kh_arena_copy_text(kh_arena *arena, kh_text text, kh_text *out)
{
    char *copy = text.length == SIZE_MAX ? NULL : kh_arena_allocate_raw(arena, text.length + 1);
    if (copy == NULL) {
        return KH_E_MEMORY;
    }
    if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    copy[text.length] = '\0';
    *out = (kh_text){copy, text.length};
    return KH_OK;
}

kh_text kh_arena_join(kh_arena *arena, const kh_text *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += parts[i].length;
    }
    char *text = kh_arena_allocate_raw(arena, length);
    if (text == NULL) {
        return (kh_text){"", 0};
    }
    char *next = text;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length > 0) {
            memcpy(next, parts[i].data, parts[i].length);
            next += parts[i].length;
        }
    }
    return (kh_text){text, length};
}

kh_text kh_arena_number(kh_arena *arena, int64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--first] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[--first] = '-';
    }
    kh_text text = {digits + first, sizeof digits - first};
    return kh_arena_join(arena, &text, 1);
}

kh_text kh_arena_print(kh_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : kh_arena_allocate_raw(arena, (size_t)length + 1);
    if (text == NULL) {
        arena->failed = true;
        return (kh_text){"", 0};
    }
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (kh_text){text, (size_t)length};
}

bool kh_arena_failed(const kh_arena *arena)
{
    return arena->failed;
}
