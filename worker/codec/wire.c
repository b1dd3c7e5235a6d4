#include "codec/wire.h"

void kh_wire_init(kh_wire *wire, kh_arena *arena, size_t guess)
{
    *wire = (kh_wire){.arena = arena};
    char *room = kh_arena_allocate_raw(arena, guess);
    if (room == NULL) {
        wire->failed = true;
        return;
    }
    wire->begin = room;
    wire->end = room + guess;
    wire->at = wire->end;
}

bool kh_wire_grow(kh_wire *wire, size_t size)
{
    size_t used = kh_wire_mark(wire);
    size_t capacity = (size_t)(wire->end - wire->begin);
    if (wire->failed || size > SIZE_MAX / 4 || used > SIZE_MAX / 4) {
        wire->failed = true;
        return false;
    }
    size_t wanted = capacity * 2 > used + size ? capacity * 2 : used + size + 64;
    char *room = kh_arena_allocate_raw(wire->arena, wanted);
    if (room == NULL) {
        wire->failed = true;
        return false;
    }
    if (used > 0) {
        memcpy(room + wanted - used, wire->at, used);
    }
    wire->begin = room;
    wire->end = room + wanted;
    wire->at = wire->end - used;
    return true;
}

kh_rc kh_wire_finish(const kh_wire *wire, kh_text *out)
{
    if (wire->failed) {
        return KH_E_MEMORY;
    }
    *out = (kh_text){wire->at, kh_wire_mark(wire)};
    return KH_OK;
}
