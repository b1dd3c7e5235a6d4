/* What it means for two parts of a status to say the same. */
#ifndef KAKEHASHI_CORE_STATUS_H
#define KAKEHASHI_CORE_STATUS_H

#include "kakehashi/decision.h"

/* Either may be NULL: then both must be. */
bool kh_details_same(const kh_details *a, const kh_details *b);
bool kh_validity_same(const kh_validity *a, const kh_validity *b);
/*! Registration number, category, product and maker: holder, level and models are not public. */
bool kh_details_same_to_public(const kh_details *a, const kh_details *b);

bool kh_status_same_pack(const kh_status *a, const kh_status *b);
/*! Whether the same is left to assess: the rows that kh_status_residual lists, whatever rule pack they come from, and
 *  the documents to translate. */
bool kh_status_same_residual(const kh_status *a, const kh_status *b);

#endif
