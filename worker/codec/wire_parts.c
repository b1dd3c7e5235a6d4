#include "codec/wire_parts.h"

void kh_wire_details(kh_wire *wire, uint32_t field, const kh_details *details)
{
    if (details == NULL) {
        return;
    }
    size_t mark = kh_wire_mark(wire);
    for (uint32_t i = details->model_count; i-- > 0;) {
        kh_wire_element(wire, 7, details->models[i]);
    }
    kh_wire_text(wire, 6, details->holder);
    kh_wire_text(wire, 5, details->maker);
    kh_wire_text(wire, 4, details->product);
    kh_wire_text(wire, 3, details->category);
    kh_wire_uint(wire, 2, details->level);
    kh_wire_text(wire, 1, details->registration_number);
    kh_wire_message(wire, field, mark);
}

void kh_wire_instant(kh_wire *wire, uint32_t field, kh_instant instant)
{
    if (instant == KH_INSTANT_NONE) {
        return;
    }
    int64_t milliseconds = instant % 1000;
    int64_t seconds = instant / 1000;
    if (milliseconds < 0) {
        milliseconds += 1000;
        seconds--;
    }
    size_t mark = kh_wire_mark(wire);
    kh_wire_uint(wire, 2, (uint64_t)milliseconds * 1000000);
    kh_wire_uint(wire, 1, (uint64_t)seconds);
    kh_wire_message(wire, field, mark);
}

size_t kh_details_size(const kh_details *details)
{
    if (details == NULL) {
        return 0;
    }
    size_t size = 32 + details->registration_number.length + details->category.length + details->product.length +
                  details->maker.length + details->holder.length;
    for (uint32_t i = 0; i < details->model_count; i++) {
        size += 3 + details->models[i].length;
    }
    return size;
}
