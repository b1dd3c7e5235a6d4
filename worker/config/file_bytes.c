#include "config/file_bytes.h"

#include <errno.h>
#include <stdio.h>

#define FIRST_BYTES 16384

/*! Reads on until the end, in an array that doubles. \return 0, an errno, or EFBIG. */
static int read_all(FILE *file, size_t most, kh_arena *arena, kh_text *out)
{
    size_t size = FIRST_BYTES < most ? FIRST_BYTES : most;
    size_t length = 0;
    char *data = kh_arena_allocate_raw(arena, size + 2);
    while (data != NULL) {
        errno = 0;
        length += fread(data + length, 1, size + 1 - length, file);
        if (ferror(file)) {
            return errno == 0 ? EIO : errno;
        }
        if (length <= size) {
            data[length] = '\0';
            *out = (kh_text){data, length};
            return 0;
        }
        if (size == most) {
            return EFBIG;
        }
        size = size * 2 < most ? size * 2 : most;
        char *larger = kh_arena_allocate_raw(arena, size + 2);
        if (larger != NULL) {
            memcpy(larger, data, length);
        }
        data = larger;
    }
    return ENOMEM;
}

kh_rc kh_file_bytes_read(const char *path, size_t most, kh_place place, kh_text key, kh_problems *problems,
                         kh_text *out)
{
    kh_rc rc = KH_OK;
    FILE *file = fopen(path, "rbe");
    int error = file == NULL ? errno : read_all(file, most, problems->arena, out);
    if (error == ENOMEM) {
        kh_problems_add_memory(problems);
        rc = KH_E_MEMORY;
    } else if (error != 0) {
        kh_text shown = kh_problems_quote(problems, kh_text_of(path));
        kh_problems_add(problems, place, key, "cannot read the file %.*s: %s", KH_TEXT_ARGS(shown), strerror(error));
        rc = KH_E_CONFIGURATION;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return rc;
}
