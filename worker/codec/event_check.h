/* Collects what is wrong with one event: of several defects the one whose code comes first. Private to this room. */
#ifndef KH_CODEC_EVENT_CHECK_H
#define KH_CODEC_EVENT_CHECK_H

#include "kakehashi/arena.h"
#include "kakehashi/date.h"
#include "kakehashi/refusal.h"

/*! Where in the event: a field name and what it is in; an element of a repeated field has its index. */
typedef struct kh_place {
    const struct kh_place *within; /*!< NULL: the event itself */
    const char *name;
    int64_t index; /*!< below 0: not an element */
} kh_place;

#define KH_PLACE(within, name) ((kh_place){(within), (name), -1})

/*! Refusals are tried in the order of their codes, so one walk over the event finds the first that applies: a defect
 * with a lower code replaces one with a higher. */
typedef struct kh_check {
    kh_arena *arena; /*!< for details */
    kh_refusal refusal;
    bool failed; /*!< memory ran out: what was noted may not be told */
} kh_check;

/*! Notes a defect: "<place>: <format>". Of two with the same code the first stands. */
void kh_check_fail(kh_check *check, kh_refusal_code code, const kh_place *place, const char *format, ...)
    KH_PRINTF(4, 5);

/*! Notes a defect of a value: "<place> is <value, quoted>: <format>". */
void kh_check_fail_value(kh_check *check, kh_refusal_code code, const kh_place *place, kh_text value,
                         const char *format, ...) KH_PRINTF(5, 6);

/*! A required text. \return false if it is empty, which is noted. */
bool kh_check_given(kh_check *check, const kh_place *place, kh_text text);

/*! UTF-8 without control characters, of at most 512 bytes. */
void kh_check_text(kh_check *check, const kh_place *place, kh_text text);

/*! As kh_check_text, but up to 4,096 bytes, with line feeds and tabs, and its value is never shown. */
void kh_check_remark(kh_check *check, const kh_place *place, kh_text text);

/*! A required date. \param out  untouched unless it is one. */
void kh_check_date(kh_check *check, const kh_place *place, kh_text text, kh_day *out);

/*! A label's or arrangement's id: 1 to 64 bytes of printable ASCII without space, "@" and "|". */
bool kh_label_id_is_valid(kh_text id);

#endif
