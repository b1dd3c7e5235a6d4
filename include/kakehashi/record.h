/* A record of a source topic as it came, before anybody has looked into it. */
#ifndef KAKEHASHI_RECORD_H
#define KAKEHASHI_RECORD_H

#include <stdint.h>

#include "kakehashi/date.h"
#include "kakehashi/text.h"

typedef struct kh_header {
    kh_text name;
    kh_text value;
    bool has_value;
} kh_header;

/*! Everything is borrowed. */
typedef struct kh_record {
    kh_text topic;
    int32_t partition;
    int64_t offset;
    kh_instant timestamp;
    bool has_key;
    bool has_value; /*!< false: a tombstone */
    kh_text key;
    kh_text value;
    const kh_header *headers;
    uint32_t header_count;
} kh_record;

#endif
