#include "config/rule_schema.h"

#include "config/rule_file.h"

const kh_choice kh_rule_file_kinds[] = {
    {"rule-pack", KH_RULE_FILE_PACK},
    {"policies", KH_RULE_FILE_POLICIES},
    {"calendar", KH_RULE_FILE_CALENDAR},
    {NULL, 0},
};

static const kh_choice equivalences[] = {
    {"FULL", KH_EQUIVALENCE_FULL},
    {"PARTIAL", KH_EQUIVALENCE_PARTIAL},
    {"NONE", KH_EQUIVALENCE_NONE},
    {NULL, 0},
};

static const kh_choice weekdays[] = {
    {"monday", 0}, {"tuesday", 1},  {"wednesday", 2}, {"thursday", 3},
    {"friday", 4}, {"saturday", 5}, {"sunday", 6},    {NULL, 0},
};

const char *kh_refuse_id(kh_text value)
{
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.data[i];
        bool well = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                    byte == '.' || byte == '_' || byte == '-';
        if (!well) {
            return "is no id: only letters, digits, \".\", \"_\" and \"-\" may stand in it";
        }
    }
    return NULL;
}

static const char *refuse_participant(kh_text value)
{
    bool well = value.length == 2 && value.data[0] >= 'A' && value.data[0] <= 'Z' && value.data[1] >= 'A' &&
                value.data[1] <= 'Z';
    return well ? NULL : "is no participant: an ISO 3166-1 alpha-2 code in capitals belongs here, like JP";
}

/* A row of a table of keys, for the types that need no more than this. */
#define AT(record, field)             .offset = offsetof(record, field)
#define COUNTED(record, field, count) .offset = offsetof(record, field), .count_offset = offsetof(record, count)
#define ID_BOUNDS                     .least = 1, .most = 64, .refuse = kh_refuse_id
#define KIND(record)                                                                                                   \
    {                                                                                                                  \
        "kind", KH_SCHEMA_CHOICE, .required = true, AT(record, kind), .choices = kh_rule_file_kinds,                   \
                                  .help = "what this file is"                                                          \
    }

/* Rule packs. */

static const kh_schema_key level_keys[] = {
    {"first", KH_SCHEMA_NUMBER, .required = true, AT(kh_participant, level_first), .least = 1, .most = 99,
     .help = "the lowest level of the scheme"},
    {"last", KH_SCHEMA_NUMBER, .required = true, AT(kh_participant, level_last), .least = 1, .most = 99,
     .help = "the highest level of the scheme"},
    {.name = NULL},
};

static const kh_schema level_schema = {.keys = level_keys};

static const kh_schema_key participant_keys[] = {
    {"id", KH_SCHEMA_TEXT, .required = true, AT(kh_participant, id), .least = 2, .most = 2,
     .refuse = refuse_participant, .help = "the participant's ISO 3166-1 alpha-2 code"},
    {"authority", KH_SCHEMA_TEXT, .required = true, AT(kh_participant, authority), .help = "who signed, for people"},
    {"scheme", KH_SCHEMA_TEXT, .required = true, AT(kh_participant, scheme),
     .help = "the name of its scheme, for people"},
    {"levels", KH_SCHEMA_MAP, .required = true, .offset = 0, .inside = &level_schema,
     .help = "the levels of its scheme"},
    {"baseline_level", KH_SCHEMA_NUMBER, .required = true, AT(kh_participant, baseline_level), .least = 1, .most = 99,
     .help = "what every level of the other scheme counts as (Art 3.3)"},
    {"utc_offset", KH_SCHEMA_OFFSET, .required = true, AT(kh_participant, utc_offset_minutes),
     .help = "its local time; dates begin at local midnight"},
    {"calendar", KH_SCHEMA_TEXT, .required = true, AT(kh_participant, calendar), ID_BOUNDS,
     .help = "the id of its calendar of business days"},
    {"categories", KH_SCHEMA_TEXTS, .required = true, COUNTED(kh_participant, categories, category_count), .least = 1,
     .most = 64, .refuse = kh_refuse_id, .help = "the product categories in scope of its scheme (Art 2)"},
    {.name = NULL},
};

static const kh_schema_key requirement_keys[] = {
    {"requirement", KH_SCHEMA_TEXT, .required = true, AT(kh_requirement, requirement), .least = 1, .most = 64,
     .help = "the table's own number for the requirement"},
    {"equivalence", KH_SCHEMA_CHOICE, .required = true, AT(kh_requirement, equivalence), .choices = equivalences,
     .help = "how far a label of the other scheme meets it"},
    {"citation", KH_SCHEMA_TEXT, .required = true, AT(kh_requirement, citation), .least = 1, .most = 64,
     .help = "where the text says so, for example A-1/6"},
    {.name = NULL},
};

static const kh_schema requirement_schema = {.keys = requirement_keys, .record_size = sizeof(kh_requirement)};

static const kh_schema_key table_keys[] = {
    {"id", KH_SCHEMA_TEXT, .required = true, AT(kh_table, id), ID_BOUNDS, .help = "the table's name, for example A-1"},
    {"from", KH_SCHEMA_TEXT, .required = true, AT(kh_table, from), .least = 2, .most = 2,
     .help = "the participant whose label it is"},
    {"to", KH_SCHEMA_TEXT, .required = true, AT(kh_table, to), .least = 2, .most = 2,
     .help = "the participant whose requirements these are"},
    {"categories", KH_SCHEMA_TEXTS, COUNTED(kh_table, categories, category_count), .least = 1, .most = 64,
     .refuse = kh_refuse_id, .help = "only for these categories; leave it out for any in scope"},
    {"requirements", KH_SCHEMA_LIST, .required = true, COUNTED(kh_table, requirements, requirement_count), .least = 1,
     .most = 512, .inside = &requirement_schema, .help = "the rows of the table, in its order"},
    {.name = NULL},
};

static const kh_schema table_schema = {.keys = table_keys, .record_size = sizeof(kh_table)};

static void check_participant(const kh_schema_at *at, void *record)
{
    const kh_participant *participant = record;
    if (participant->level_last < participant->level_first) {
        kh_schema_problem(at, "levels", "the last level is below the first; swap them");
    } else if (participant->baseline_level != 0 && (participant->baseline_level < participant->level_first ||
                                                    participant->baseline_level > participant->level_last)) {
        kh_schema_problem(at, "baseline_level", "is no level of the scheme; it has %u to %u",
                          (unsigned)participant->level_first, (unsigned)participant->level_last);
    }
}

static const kh_schema participant_schema = {
    .keys = participant_keys, .record_size = sizeof(kh_participant), .check = check_participant};

/*! The participant of that id as far as it was read; NULL if there is none. */
static const kh_participant *find_participant(const kh_rule_pack_record *pack, kh_text id)
{
    for (uint32_t i = 0; i < pack->participant_count; i++) {
        if (kh_text_equal(pack->participants[i].id, id)) {
            return &pack->participants[i];
        }
    }
    return NULL;
}

static void check_requirements(const kh_schema_at *at, const kh_table *table)
{
    for (uint32_t i = 0; i < table->requirement_count; i++) {
        const kh_requirement *row = &table->requirements[i];
        for (uint32_t j = 0; j < i; j++) {
            if (row->requirement.length != 0 && kh_text_equal(row->requirement, table->requirements[j].requirement)) {
                const kh_schema_at inside = kh_schema_enter(at, "requirements", i);
                kh_schema_problem(&inside, "requirement", "stands twice in this table; keep one row");
                break;
            }
        }
    }
}

static void check_table(const kh_schema_at *at, const kh_rule_pack_record *pack, const kh_table *table)
{
    const kh_participant *to = find_participant(pack, table->to);
    if (table->from.length != 0 && find_participant(pack, table->from) == NULL) {
        kh_schema_problem(at, "from", "is none of the participants of this pack");
    }
    if (table->to.length != 0 && to == NULL) {
        kh_schema_problem(at, "to", "is none of the participants of this pack");
    }
    if (table->to.length != 0 && kh_text_equal(table->from, table->to)) {
        kh_schema_problem(at, "to", "is the same as from; a table leads from one participant to the other");
    }
    for (uint32_t i = 0; to != NULL && i < table->category_count; i++) {
        if (table->categories[i].length != 0 && !kh_participant_covers(to, table->categories[i])) {
            kh_schema_problem(at, "categories",
                              "%.*s is not in scope of the scheme of %.*s, so that the table would never apply",
                              KH_TEXT_ARGS(table->categories[i]), KH_TEXT_ARGS(table->to));
        }
    }
    check_requirements(at, table);
}

static void check_dates(const kh_schema_at *at, const kh_rule_pack_record *record)
{
    const kh_rule_pack *pack = &record->pack;
    bool amends = kh_yaml_find(at->node, KH_TEXT("amends")) != NULL;
    bool effective = kh_yaml_find(at->node, KH_TEXT("effective_from")) != NULL;
    if (amends && effective) {
        kh_schema_problem(at, "effective_from",
                          "an amendment has none of its own: both consents name the day (Art 9); leave it out");
    }
    if (!amends && !effective) {
        kh_schema_problem(
            at, "effective_from",
            "is missing: the day on which the arrangement takes effect (Art 11.2); an amendment says amends instead");
    }
    if (pack->effective_from != KH_DAY_NONE && pack->signed_on != KH_DAY_NONE &&
        pack->effective_from < pack->signed_on) {
        kh_schema_problem(at, "effective_from", "is before signed_on; check both");
    }
    if (record->amends.length != 0 && kh_text_equal(record->amends, pack->id)) {
        kh_schema_problem(at, "amends", "is this very pack; name the one that it amends");
    }
}

static void check_pack(const kh_schema_at *at, void *record)
{
    const kh_rule_pack_record *pack = record;
    check_dates(at, pack);
    if (pack->participant_count == KH_PARTICIPANTS && pack->participants[0].id.length != 0 &&
        kh_text_equal(pack->participants[0].id, pack->participants[1].id)) {
        const kh_schema_at second = kh_schema_enter(at, "participants", 1);
        kh_schema_problem(&second, "id", "is that of the first participant too; a memorandum has two sides");
    }
    for (uint32_t i = 0; i < pack->pack.table_count; i++) {
        const kh_schema_at inside = kh_schema_enter(at, "tables", i);
        check_table(&inside, pack, &pack->pack.tables[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (pack->pack.tables[i].id.length != 0 &&
                kh_text_equal(pack->pack.tables[i].id, pack->pack.tables[j].id)) {
                kh_schema_problem(&inside, "id", "names a second table; every table has its own");
                break;
            }
        }
    }
}

static const kh_schema_key pack_keys[] = {
    KIND(kh_rule_pack_record),
    {"id", KH_SCHEMA_TEXT, .required = true, AT(kh_rule_pack_record, pack.id), ID_BOUNDS,
     .help = "the pack's own name; results carry it"},
    {"arrangement", KH_SCHEMA_TEXT, .required = true, AT(kh_rule_pack_record, pack.arrangement), ID_BOUNDS,
     .help = "the arrangement that it states"},
    {"title", KH_SCHEMA_TEXT, .required = true, AT(kh_rule_pack_record, pack.title),
     .help = "the name of the text, for people"},
    {"amends", KH_SCHEMA_TEXT, AT(kh_rule_pack_record, amends), ID_BOUNDS,
     .help = "the pack that this one amends (Art 9); the first pack of an arrangement has none"},
    {"signed_on", KH_SCHEMA_DATE, .required = true, AT(kh_rule_pack_record, pack.signed_on),
     .help = "the day of the signatures"},
    {"effective_from", KH_SCHEMA_DATE, AT(kh_rule_pack_record, pack.effective_from),
     .help = "the first day in force (Art 11.2)"},
    {"term_years", KH_SCHEMA_NUMBER, .required = true, AT(kh_rule_pack_record, pack.term_years), .least = 1, .most = 99,
     .help = "the length of a term, which renews by itself (Art 11.2)"},
    {"termination_notice_months", KH_SCHEMA_NUMBER, .required = true,
     AT(kh_rule_pack_record, pack.termination_notice_months), .least = 0, .most = 120,
     .help = "how long before the last day a termination must be noticed (Art 11.3)"},
    {"revocation_notice_business_days", KH_SCHEMA_NUMBER, .required = true,
     AT(kh_rule_pack_record, pack.revocation_notice_business_days), .least = 1, .most = 1000,
     .help = "within how many business days a revocation is notified (Art 3.6)"},
    {"consultation_months", KH_SCHEMA_NUMBER, .required = true, AT(kh_rule_pack_record, pack.consultation_months),
     .least = 1, .most = 120, .help = "how many months may pass between two consultations (Art 4.2)"},
    {"participants", KH_SCHEMA_LIST, .required = true, COUNTED(kh_rule_pack_record, participants, participant_count),
     .least = KH_PARTICIPANTS, .most = KH_PARTICIPANTS, .inside = &participant_schema, .help = "the two sides"},
    {"tables", KH_SCHEMA_LIST, .required = true, COUNTED(kh_rule_pack_record, pack.tables, pack.table_count),
     .least = 1, .most = 64, .inside = &table_schema,
     .help = "the tables of equivalence, in the order of the residual rows"},
    {.name = NULL},
};

const kh_schema kh_rule_pack_schema = {
    .keys = pack_keys, .record_size = sizeof(kh_rule_pack_record), .check = check_pack};

/* Policies. */

static const kh_choice no_counterparts[] = {{"FULL_ASSESSMENT", KH_NO_COUNTERPART_FULL_ASSESSMENT},
                                            {"NOT_REQUIRED", KH_NO_COUNTERPART_NOT_REQUIRED},
                                            {NULL, 0}};
static const kh_choice notice_scopes[] = {
    {"DERIVED", KH_NOTICE_SCOPE_DERIVED}, {"ALL_LABELS", KH_NOTICE_SCOPE_ALL_LABELS}, {NULL, 0}};
static const kh_choice notice_calendars[] = {{"REVOKING", KH_NOTICE_CALENDAR_REVOKING},
                                             {"RECEIVING", KH_NOTICE_CALENDAR_RECEIVING},
                                             {"BOTH", KH_NOTICE_CALENDAR_BOTH},
                                             {NULL, 0}};
static const kh_choice notice_counts_froms[] = {
    {"DECISION", KH_NOTICE_COUNTS_FROM_DECISION}, {"EFFECT", KH_NOTICE_COUNTS_FROM_EFFECT}, {NULL, 0}};

static const kh_schema_key policy_keys[] = {
    KIND(kh_policies_record),
    {"id", KH_SCHEMA_TEXT, .required = true, AT(kh_policies_record, policies.id), ID_BOUNDS,
     .help = "the name of this set of policies"},
    {"arrangement", KH_SCHEMA_TEXT, .required = true, AT(kh_policies_record, policies.arrangement), ID_BOUNDS,
     .help = "the arrangement whose text they read"},
    {"no_counterpart", KH_SCHEMA_CHOICE, AT(kh_policies_record, policies.no_counterpart), .choices = no_counterparts,
     .fallback = "FULL_ASSESSMENT", .help = "what a requirement with nothing that corresponds needs (annexes A and B)"},
    {"recognise_during_consultation", KH_SCHEMA_BOOLEAN, AT(kh_policies_record, policies.recognise_during_consultation),
     .fallback = "yes", .help = "whether a label under consultation is still recognised (Art 3.5)"},
    {"notice_scope", KH_SCHEMA_CHOICE, AT(kh_policies_record, policies.notice_scope), .choices = notice_scopes,
     .fallback = "DERIVED", .help = "for which labels a revocation is notified (Art 3.6)"},
    {"notice_calendar", KH_SCHEMA_CHOICE, AT(kh_policies_record, policies.notice_calendar), .choices = notice_calendars,
     .fallback = "REVOKING", .help = "whose business days count (Art 3.6)"},
    {"notice_counts_from", KH_SCHEMA_CHOICE, AT(kh_policies_record, policies.notice_counts_from),
     .choices = notice_counts_froms, .fallback = "DECISION", .help = "the day from which they count (Art 3.6)"},
    {.name = NULL},
};

const kh_schema kh_policies_schema = {.keys = policy_keys, .record_size = sizeof(kh_policies_record)};

/* Calendars. */

static const kh_schema_key closure_keys[] = {
    {"from", KH_SCHEMA_MONTH_DAY, .required = true, AT(kh_closure_record, days.from),
     .help = "the first closed day of every year's closure"},
    {"to", KH_SCHEMA_MONTH_DAY, .required = true, AT(kh_closure_record, days.to),
     .help = "its last; before `from` it lies in the next year"},
    {"name", KH_SCHEMA_TEXT, .required = true, AT(kh_closure_record, name), .help = "what it is, for people"},
    {.name = NULL},
};

static const kh_schema closure_schema = {.keys = closure_keys, .record_size = sizeof(kh_closure_record)};

static const kh_schema_key holiday_keys[] = {
    {"date", KH_SCHEMA_DATE, .required = true, AT(kh_holiday, date), .help = "the day of the holiday"},
    {"name", KH_SCHEMA_TEXT, .required = true, AT(kh_holiday, name), .help = "what it is, for people"},
    {.name = NULL},
};

static const kh_schema holiday_schema = {.keys = holiday_keys, .record_size = sizeof(kh_holiday)};

static void check_calendar(const kh_schema_at *at, void *record)
{
    const kh_calendar_record *calendar = record;
    for (uint32_t i = 1; i < calendar->holiday_count; i++) {
        kh_day day = calendar->holidays[i].date;
        kh_day before = calendar->holidays[i - 1].date;
        if (day == KH_DAY_NONE || before == KH_DAY_NONE || before < day) {
            continue;
        }
        const kh_schema_at inside = kh_schema_enter(at, "holidays", i);
        kh_schema_problem(&inside, "date",
                          before == day ? "stands twice; keep one"
                                        : "is before the holiday above it; put them in order");
    }
    if (calendar->calendar.weekend == 0x7f) {
        kh_schema_problem(at, "weekend", "leaves no business day in the week");
    }
}

static const kh_schema_key calendar_keys[] = {
    KIND(kh_calendar_record),
    {"id", KH_SCHEMA_TEXT, .required = true, AT(kh_calendar_record, calendar.id), ID_BOUNDS,
     .help = "the name by which a rule pack refers to it"},
    {"title", KH_SCHEMA_TEXT, .required = true, AT(kh_calendar_record, title),
     .help = "whose days these are, for people"},
    {"complete_until", KH_SCHEMA_DATE, .required = true, AT(kh_calendar_record, calendar.complete_until),
     .help = "the last day up to which every holiday is known; due dates past it are provisional"},
    {"weekend", KH_SCHEMA_CHOICES, .required = true, AT(kh_calendar_record, calendar.weekend), .least = 0, .most = 7,
     .choices = weekdays, .help = "the weekdays that are no business days"},
    {"closures", KH_SCHEMA_LIST, COUNTED(kh_calendar_record, closures, closure_count), .least = 0, .most = 32,
     .inside = &closure_schema, .help = "days of the year on which offices are closed, in every year"},
    {"holidays", KH_SCHEMA_LIST, .required = true, COUNTED(kh_calendar_record, holidays, holiday_count), .least = 0,
     .most = 4096, .inside = &holiday_schema, .help = "single days, in order"},
    {.name = NULL},
};

const kh_schema kh_calendar_schema = {
    .keys = calendar_keys, .record_size = sizeof(kh_calendar_record), .check = check_calendar};
