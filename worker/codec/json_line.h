/* One line of JSON for people's tools, built piece by piece. Errors stick: only kh_json_line_finish is to be looked at.
 */
#ifndef KH_CODEC_JSON_LINE_H
#define KH_CODEC_JSON_LINE_H

#include "kakehashi/arena.h"
#include "kakehashi/date.h"

typedef struct kh_json_line kh_json_line;

/*! An object that is open. \return in the arena; NULL when memory is out, which every other call takes. */
kh_json_line *kh_json_line_new(kh_arena *arena);

/* Members of the object, or elements of the array (name NULL), that was opened last. A name is plain ASCII. */

/*! \param bracket  '{' or '['; pairs with kh_json_line_close. At most 15 deep. */
void kh_json_line_open(kh_json_line *line, const char *name, char bracket);
void kh_json_line_close(kh_json_line *line);
void kh_json_line_text(kh_json_line *line, const char *name, kh_text text);
/*! As proto3's JSON has 32-bit numbers. */
void kh_json_line_number(kh_json_line *line, const char *name, int64_t number);
/*! As proto3's JSON has 64-bit numbers: a string. */
void kh_json_line_long(kh_json_line *line, const char *name, int64_t number);
void kh_json_line_bool(kh_json_line *line, const char *name, bool value);
/*! Left out if there is none. */
void kh_json_line_instant(kh_json_line *line, const char *name, kh_instant instant);
void kh_json_line_day(kh_json_line *line, const char *name, kh_day day);
/*! A value that is JSON already. */
void kh_json_line_raw(kh_json_line *line, const char *name, kh_text json);

/*! Closes the first object; every other must be closed.
 *  \param out  in the arena; untouched unless KH_OK. \retval KH_OK, KH_E_MEMORY; KH_E_INTERNAL: a text is not UTF-8. */
KH_MUSTCHECK kh_rc kh_json_line_finish(kh_json_line *line, kh_text *out);

/*! What is in the braces of {"status":...}, as kh_message_json prints it. */
kh_text kh_json_unwrap(kh_text line);

#endif
