/* SHA-256 (libcrypto): the digest of a rule pack's bytes is what both participants consent to. */
#ifndef KH_CONFIG_SHA256_H
#define KH_CONFIG_SHA256_H

#include <stdint.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

#define KH_SHA256_SIZE     32
#define KH_SHA256_HEX_SIZE 64

/*! \retval KH_OK; KH_E_MEMORY libcrypto could not (memory, or no such digest in this build); \a out is undefined then.
 */
KH_MUSTCHECK kh_rc kh_sha256(kh_text bytes, uint8_t out[KH_SHA256_SIZE]);

/*! Lower-case hex and a NUL. */
void kh_sha256_hex(const uint8_t digest[KH_SHA256_SIZE], char out[KH_SHA256_HEX_SIZE + 1]);

#endif
