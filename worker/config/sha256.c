#include "config/sha256.h"

#include <openssl/evp.h>

kh_rc kh_sha256(kh_text bytes, uint8_t out[KH_SHA256_SIZE])
{
    unsigned int length = 0;
    const char *data = bytes.data == NULL ? "" : bytes.data;
    if (EVP_Digest(data, bytes.length, out, &length, EVP_sha256(), NULL) != 1 || length != KH_SHA256_SIZE) {
        return KH_E_MEMORY;
    }
    return KH_OK;
}

void kh_sha256_hex(const uint8_t digest[KH_SHA256_SIZE], char out[KH_SHA256_HEX_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < KH_SHA256_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[KH_SHA256_HEX_SIZE] = '\0';
}
