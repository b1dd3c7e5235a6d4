/* Finds one thing in a line that is not to be parsed, or cannot be. Private to this room. */
#ifndef KH_CODEC_JSON_SCAN_H
#define KH_CODEC_JSON_SCAN_H

#include "kakehashi/text.h"

/*! The string of a member of the line's object, by looking at quotes and brackets only: so it is found even if another
 *  part of the line is refused (a number too large, a member twice, more bytes than are taken).
 *  \param out  the bytes between the quotes, in the line, escapes as they are.
 *  \return false if there is no such string, or two, or the brackets of the line do not close. */
bool kh_json_scan_string(kh_text line, kh_text name, kh_text *out);

#endif
