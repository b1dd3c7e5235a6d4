/* The tables of keys of rule packs, policies and calendars, and the records that they are read into. Private to this
 * room. */
#ifndef KH_CONFIG_RULE_SCHEMA_H
#define KH_CONFIG_RULE_SCHEMA_H

#include "config/schema_walk.h"
#include "kakehashi/rule_pack.h"

/*! A rule pack as the file has it: `pack`, and what stands there in another form. */
typedef struct kh_rule_pack_record {
    int kind;
    kh_rule_pack pack;
    kh_text amends; /*!< id of the pack that it amends */
    kh_participant *participants;
    uint32_t participant_count;
} kh_rule_pack_record;

typedef struct kh_policies_record {
    int kind;
    kh_policies policies;
} kh_policies_record;

typedef struct kh_holiday {
    kh_day date;
    kh_text name;
} kh_holiday;

typedef struct kh_closure_record {
    kh_yearly_closure days;
    kh_text name;
} kh_closure_record;

typedef struct kh_calendar_record {
    int kind;
    kh_calendar calendar;
    kh_text title;
    const kh_holiday *holidays;
    uint32_t holiday_count;
    const kh_closure_record *closures;
    uint32_t closure_count;
} kh_calendar_record;

extern const kh_schema kh_rule_pack_schema;
extern const kh_schema kh_policies_schema;
extern const kh_schema kh_calendar_schema;

/*! The values of `kind`, with the numbers of kh_rule_file_kind. */
extern const kh_choice kh_rule_file_kinds[];

/*! Whether the text is an id: 1 to 64 of a-z, A-Z, 0-9, ".", "_", "-"; NULL if so, else why not. */
const char *kh_refuse_id(kh_text value);

#endif
