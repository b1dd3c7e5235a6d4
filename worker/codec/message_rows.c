#include "codec/message_rows.h"

#define ENTRY_LIMIT 64

/* Everything that the rows follow from; the home follows from pack and host. */
typedef struct entry {
    kh_text sha256;
    kh_text host;
    kh_text category;
    kh_no_counterpart no_counterpart;
    kh_message_rows rows;
} entry;

struct kh_message_cache {
    const kh_memory *memory;
    kh_arena arena; /* of the entries */
    uint32_t count;
    entry entries[ENTRY_LIMIT];
};

kh_rc kh_message_cache_new(const kh_memory *memory, kh_message_cache **out)
{
    kh_message_cache *cache = memory->allocate(memory->self, sizeof *cache);
    if (cache == NULL) {
        return KH_E_MEMORY;
    }
    cache->memory = memory;
    cache->count = 0;
    kh_arena_init(&cache->arena, 16384, memory);
    *out = cache;
    return KH_OK;
}

void kh_message_cache_free(kh_message_cache *cache)
{
    if (cache != NULL) {
        const kh_memory *memory = cache->memory;
        kh_arena_deinit(&cache->arena);
        memory->release(memory->self, cache);
    }
}

void kh_wire_residual(kh_wire *wire, uint32_t field, const kh_residual_item *item)
{
    size_t mark = kh_wire_mark(wire);
    kh_wire_text(wire, 5, item->document);
    kh_wire_text(wire, 4, item->citation);
    kh_wire_uint(wire, 3, (uint64_t)item->need);
    kh_wire_uint(wire, 2, (uint64_t)item->equivalence);
    kh_wire_text(wire, 1, item->requirement);
    kh_wire_message(wire, field, mark);
}

static kh_rc encode(const kh_residual_item *items, uint32_t count, uint32_t field, kh_arena *arena, kh_text *out)
{
    kh_wire wire;
    kh_wire_init(&wire, arena, 64 + (size_t)count * 32);
    for (uint32_t i = count; i-- > 0;) {
        kh_wire_residual(&wire, field, &items[i]);
    }
    return kh_wire_finish(&wire, out);
}

static kh_rc fill(entry *new_entry, const kh_status *status, kh_arena *arena)
{
    kh_residual_item *items = NULL;
    uint32_t count = 0;
    *new_entry = (entry){.no_counterpart = status->no_counterpart};
    kh_rc rc = kh_arena_copy_text(arena, status->pack->sha256, &new_entry->sha256);
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(arena, status->host, &new_entry->host);
    }
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(arena, status->details->category, &new_entry->category);
    }
    if (rc == KH_OK) {
        rc = kh_status_residual(status, arena, &items, &count);
    }
    if (rc == KH_OK) {
        rc = encode(items, count, KH_STATUS_RESIDUAL_FIELD, arena, &new_entry->rows.status);
    }
    if (rc == KH_OK) {
        rc = encode(items, count, KH_PUBLIC_RESIDUAL_FIELD, arena, &new_entry->rows.public_status);
    }
    return rc;
}

kh_rc kh_message_cache_rows(kh_message_cache *cache, const kh_status *status, kh_message_rows *out)
{
    *out = (kh_message_rows){KH_TEXT(""), KH_TEXT("")};
    if (status->outcome != KH_OUTCOME_RECOGNISED || status->details == NULL) {
        return KH_OK;
    }
    for (uint32_t i = 0; i < cache->count; i++) {
        const entry *known = &cache->entries[i];
        if (known->no_counterpart == status->no_counterpart && kh_text_equal(known->host, status->host) &&
            kh_text_equal(known->category, status->details->category) &&
            kh_text_equal(known->sha256, status->pack->sha256)) {
            *out = known->rows;
            return KH_OK;
        }
    }
    if (cache->count == ENTRY_LIMIT) {
        cache->count = 0;
        kh_arena_reset(&cache->arena);
    }
    kh_rc rc = fill(&cache->entries[cache->count], status, &cache->arena);
    if (rc == KH_OK) {
        *out = cache->entries[cache->count++].rows;
    }
    return rc;
}
