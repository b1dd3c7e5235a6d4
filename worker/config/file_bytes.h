/* A file's bytes, read whole. */
#ifndef KH_CONFIG_FILE_BYTES_H
#define KH_CONFIG_FILE_BYTES_H

#include "config/problems.h"

/*! \param place  where the file was asked for; for messages.
 *  \param most   more bytes than this are refused.
 *  \param out    in the arena, with a NUL behind it; untouched unless KH_OK.
 *  \retval KH_OK; KH_E_CONFIGURATION it could not be read, a problem has been added; KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_file_bytes_read(const char *path, size_t most, kh_place place, kh_text key, kh_problems *problems,
                                      kh_text *out);

#endif
