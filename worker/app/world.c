#include "app/world.h"

#include "codec/store.h"

static kh_rc build_one(const kh_rule_book *book, kh_text id, kh_world_facts *read, void *self, kh_arena *arena,
                       kh_arrangement *out)
{
    kh_text stored = {"", 0};
    kh_facts *facts = kh_arena_allocate(arena, sizeof *facts);
    kh_text subject = kh_arena_print(arena, "arrangement/%.*s", KH_TEXT_ARGS(id));
    if (facts == NULL || subject.length == 0) {
        return KH_E_MEMORY;
    }
    kh_rc rc = read(self, subject, &stored);
    if (rc == KH_OK && stored.length > 0) {
        rc = kh_store_facts_decode(stored, arena, facts);
    }
    return rc == KH_OK ? kh_arrangement_build(book, id, facts, arena, out) : rc;
}

kh_rc kh_world_build(const kh_rule_book *book, kh_world_facts *read, void *self, kh_arena *arena, kh_world *out)
{
    kh_world world = {.book = book};
    world.arrangements = kh_arena_allocate_array(arena, book->pack_count, sizeof *world.arrangements);
    if (world.arrangements == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < book->pack_count; i++) {
        if (book->packs[i]->amends) {
            continue;
        }
        kh_arrangement built;
        kh_rc rc = build_one(book, book->packs[i]->arrangement, read, self, arena, &built);
        if (rc != KH_OK) {
            return rc;
        }
        uint32_t place = world.count++;
        while (place > 0 && kh_text_compare(world.arrangements[place - 1].id, built.id) > 0) {
            world.arrangements[place] = world.arrangements[place - 1];
            place--;
        }
        world.arrangements[place] = built;
    }
    *out = world;
    return KH_OK;
}
