#include "config/sha256.h"

#include <openssl/evp.h>
#include <stdatomic.h>

/* Looked for once: to look takes libcrypto as long as to hash a small message. It lives as long as the process. */
static const EVP_MD *algorithm(void)
{
    static _Atomic(EVP_MD *) found;
    EVP_MD *known = atomic_load(&found);
    if (known != NULL) {
        return known;
    }
    EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (atomic_compare_exchange_strong(&found, &known, fetched)) {
        return fetched;
    }
    EVP_MD_free(fetched); /* another thread was faster */
    return known;
}

kh_rc kh_sha256(kh_text bytes, uint8_t out[KH_SHA256_SIZE])
{
    unsigned int length = 0;
    const char *data = bytes.data == NULL ? "" : bytes.data;
    const EVP_MD *sha256 = algorithm();
    if (sha256 == NULL || EVP_Digest(data, bytes.length, out, &length, sha256, NULL) != 1 || length != KH_SHA256_SIZE) {
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
