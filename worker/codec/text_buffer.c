#include "codec/text_buffer.h"

void kh_text_buffer_init(kh_text_buffer *buffer, kh_arena *arena, size_t guess)
{
    *buffer = (kh_text_buffer){.arena = arena, .capacity = guess};
    buffer->data = kh_arena_allocate_raw(arena, guess);
    buffer->failed = buffer->data == NULL;
}

void kh_text_buffer_add(kh_text_buffer *buffer, kh_text text)
{
    if (buffer->failed || text.length == 0) {
        return;
    }
    if (text.length > buffer->capacity - buffer->length) {
        size_t wanted = (buffer->capacity + text.length) * 2;
        char *data = text.length > SIZE_MAX / 8 ? NULL : kh_arena_allocate_raw(buffer->arena, wanted);
        if (data == NULL) {
            buffer->failed = true;
            return;
        }
        memcpy(data, buffer->data, buffer->length);
        buffer->data = data;
        buffer->capacity = wanted;
    }
    memcpy(buffer->data + buffer->length, text.data, text.length);
    buffer->length += text.length;
}

kh_rc kh_text_buffer_finish(const kh_text_buffer *buffer, kh_text *out)
{
    if (buffer->failed) {
        return KH_E_MEMORY;
    }
    *out = (kh_text){buffer->data, buffer->length};
    return KH_OK;
}
