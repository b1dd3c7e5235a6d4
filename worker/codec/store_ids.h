/* UUIDs and digests as raw bytes. Private to this room. */
#ifndef KH_CODEC_STORE_IDS_H
#define KH_CODEC_STORE_IDS_H

#include "kakehashi/arena.h"

#define KH_UUID_BYTES   16
#define KH_DIGEST_BYTES 32

/*! \param out  KH_UUID_BYTES. \return false if the text is not a UUID in lower case. */
KH_MUSTCHECK bool kh_uuid_parse(kh_text text, char *out);

/*! \param out  KH_DIGEST_BYTES. \return false if the text is not 64 lower-case hex digits. */
KH_MUSTCHECK bool kh_digest_parse(kh_text text, char *out);

/*! \param bytes  KH_UUID_BYTES. \retval KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_uuid_print(const char *bytes, kh_arena *arena, kh_text *out);

/*! Whether the text is the digest in hex. \param bytes  KH_DIGEST_BYTES. */
bool kh_digest_equal(const char *bytes, kh_text text);

#endif
