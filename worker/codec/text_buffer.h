/* Text that grows at its end, in an arena. Errors stick: only kh_text_buffer_finish is to be looked at. Private to this
 * room. */
#ifndef KH_CODEC_TEXT_BUFFER_H
#define KH_CODEC_TEXT_BUFFER_H

#include "kakehashi/arena.h"

typedef struct kh_text_buffer {
    kh_arena *arena;
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
} kh_text_buffer;

void kh_text_buffer_init(kh_text_buffer *buffer, kh_arena *arena, size_t guess);

void kh_text_buffer_add(kh_text_buffer *buffer, kh_text text);

static inline void kh_text_buffer_add_string(kh_text_buffer *buffer, const char *string)
{
    kh_text_buffer_add(buffer, kh_text_of(string));
}

static inline void kh_text_buffer_add_byte(kh_text_buffer *buffer, char byte)
{
    kh_text_buffer_add(buffer, (kh_text){&byte, 1});
}

/*! \retval KH_OK or KH_E_MEMORY; \a out untouched then. */
KH_MUSTCHECK kh_rc kh_text_buffer_finish(const kh_text_buffer *buffer, kh_text *out);

#endif
