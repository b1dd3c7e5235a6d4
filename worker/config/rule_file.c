#include "config/rule_file.h"

#include "config/rule_schema.h"
#include "config/schema_value.h"
#include "config/sha256.h"

const char *kh_rule_file_kind_name(kh_rule_file_kind kind)
{
    for (const kh_choice *choice = kh_rule_file_kinds; choice->name != NULL; choice++) {
        if (choice->value == (int)kind) {
            return choice->name;
        }
    }
    return "?";
}

static kh_rc digest(kh_text bytes, kh_arena *arena, kh_text *out)
{
    uint8_t raw[KH_SHA256_SIZE];
    char hex[KH_SHA256_HEX_SIZE + 1];
    kh_rc rc = kh_sha256(bytes, raw);
    if (rc == KH_OK) {
        kh_sha256_hex(raw, hex);
        rc = kh_arena_copy_text(arena, (kh_text){hex, KH_SHA256_HEX_SIZE}, out);
    }
    return rc;
}

/*! Only the kind, before it is known by which table the rest is read. */
static kh_rule_file_kind read_kind(const char *name, const kh_yaml_node *root, kh_problems *problems)
{
    const kh_yaml_entry *entry = kh_yaml_find(root, KH_TEXT("kind"));
    if (entry == NULL) {
        kh_problems_add(problems, (kh_place){name, 0, 0}, KH_TEXT("kind"),
                        "is missing: the file must say what it is, by \"kind: rule-pack\", \"kind: policies\" or "
                        "\"kind: calendar\"");
        return KH_RULE_FILE_UNKNOWN;
    }
    for (const kh_choice *choice = kh_rule_file_kinds; choice->name != NULL; choice++) {
        if (entry->value->kind == KH_YAML_SCALAR && kh_text_equal(entry->value->value, kh_text_of(choice->name))) {
            return (kh_rule_file_kind)choice->value;
        }
    }
    if (entry->value->kind != KH_YAML_REFUSED) {
        kh_text shown = kh_problems_quote(problems, entry->value->value);
        kh_problems_add(problems, entry->value->place, KH_TEXT("kind"),
                        "%.*s stands where one of rule-pack, policies, calendar belongs", KH_TEXT_ARGS(shown));
    }
    return KH_RULE_FILE_UNKNOWN;
}

static void read_pack(const kh_yaml_node *root, kh_problems *problems, kh_rule_file *out)
{
    kh_rule_pack_record record = {.kind = 0};
    kh_schema_walk(&kh_rule_pack_schema, root, problems, &record);
    record.pack.amends = record.amends.length != 0;
    record.pack.sha256 = out->sha256;
    for (uint32_t i = 0; i < record.participant_count && i < KH_PARTICIPANTS; i++) {
        record.pack.participants[i] = record.participants[i];
    }
    out->id = record.pack.id;
    out->arrangement = record.pack.arrangement;
    out->is.pack = record.pack;
}

static void read_policies(const kh_yaml_node *root, kh_problems *problems, kh_rule_file *out)
{
    kh_policies_record record = {.kind = 0};
    kh_schema_walk(&kh_policies_schema, root, problems, &record);
    record.policies.sha256 = out->sha256;
    out->id = record.policies.id;
    out->arrangement = record.policies.arrangement;
    out->is.policies = record.policies;
}

static void read_calendar(const kh_yaml_node *root, kh_problems *problems, kh_rule_file *out)
{
    kh_calendar_record record = {.kind = 0};
    kh_schema_walk(&kh_calendar_schema, root, problems, &record);
    kh_calendar *calendar = &record.calendar;
    kh_day *holidays = kh_arena_allocate_array(problems->arena, record.holiday_count, sizeof(*holidays));
    kh_yearly_closure *closures = kh_arena_allocate_array(problems->arena, record.closure_count, sizeof(*closures));
    if (holidays != NULL && closures != NULL) {
        for (uint32_t i = 0; i < record.holiday_count; i++) {
            holidays[i] = record.holidays[i].date;
        }
        for (uint32_t i = 0; i < record.closure_count; i++) {
            closures[i] = record.closures[i].days;
        }
        calendar->holidays = holidays;
        calendar->holiday_count = record.holiday_count;
        calendar->closures = closures;
        calendar->closure_count = record.closure_count;
    }
    calendar->sha256 = out->sha256;
    out->id = calendar->id;
    out->is.calendar = *calendar;
}

kh_rc kh_rule_file_read(const char *name, kh_text bytes, kh_problems *problems, kh_rule_file *out)
{
    uint32_t before = problems->count;
    *out = (kh_rule_file){.name = name, .bytes = bytes};
    if (digest(bytes, problems->arena, &out->sha256) != KH_OK) {
        kh_problems_add_memory(problems);
    }
    kh_yaml_node *root = kh_yaml_read(name, bytes, problems);
    if (root != NULL) {
        out->kind = read_kind(name, root, problems);
    }
    switch (out->kind) {
    case KH_RULE_FILE_PACK:
        read_pack(root, problems, out);
        break;
    case KH_RULE_FILE_POLICIES:
        read_policies(root, problems, out);
        break;
    case KH_RULE_FILE_CALENDAR:
        read_calendar(root, problems, out);
        break;
    case KH_RULE_FILE_UNKNOWN:
        break;
    }
    if (kh_problems_rc(problems) == KH_E_MEMORY) {
        return KH_E_MEMORY;
    }
    return problems->count == before ? KH_OK : KH_E_CONFIGURATION;
}

static void add_book_problem(void *self, kh_text text)
{
    kh_problems_add(self, (kh_place){"rules, policies and calendars together", 0, 0}, KH_TEXT(""), "%.*s",
                    KH_TEXT_ARGS(text));
}

kh_rc kh_rule_book_build(const kh_rule_file *files, uint32_t count, kh_problems *problems, kh_rule_book *out)
{
    kh_arena *arena = problems->arena;
    const kh_rule_pack **packs = kh_arena_allocate_array(arena, count, sizeof(*packs));
    const kh_policies **policies = kh_arena_allocate_array(arena, count, sizeof(*policies));
    const kh_calendar **calendars = kh_arena_allocate_array(arena, count, sizeof(*calendars));
    if (packs == NULL || policies == NULL || calendars == NULL) {
        return KH_E_MEMORY;
    }
    kh_rule_book book = {.packs = packs, .policies = policies, .calendars = calendars};
    for (uint32_t i = 0; i < count; i++) {
        switch (files[i].kind) {
        case KH_RULE_FILE_PACK:
            packs[book.pack_count++] = &files[i].is.pack;
            break;
        case KH_RULE_FILE_POLICIES:
            policies[book.policy_count++] = &files[i].is.policies;
            break;
        case KH_RULE_FILE_CALENDAR:
            calendars[book.calendar_count++] = &files[i].is.calendar;
            break;
        case KH_RULE_FILE_UNKNOWN:
            break;
        }
    }
    kh_rc rc = kh_rule_book_check(&book, add_book_problem, problems);
    if (kh_problems_rc(problems) == KH_E_MEMORY) {
        rc = KH_E_MEMORY;
    }
    *out = book;
    return rc;
}
