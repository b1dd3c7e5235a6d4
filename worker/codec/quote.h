/* UTF-8, and how a value is shown to a person. */
#ifndef KH_CODEC_QUOTE_H
#define KH_CODEC_QUOTE_H

#include "codec/text_buffer.h"

/*! One character at the beginning of a text.
 *  \param out  its code point. \return its length in bytes; 0 if the text is empty or does not begin with UTF-8. */
size_t kh_utf8_next(kh_text text, uint32_t *out);

/*! U+0000-001F, U+007F-009F. */
static inline bool kh_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/*! In double quotes: control characters as \u001b, bytes that are not UTF-8 as \xff, cut after 64 bytes with "..."
 * behind the quotes. \return the text, in the arena; an empty one when memory is out. */
kh_text kh_text_quote(kh_arena *arena, kh_text text);

#endif
