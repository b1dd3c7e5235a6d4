#include "config/configuration.h"

#include "config/file_bytes.h"

static kh_rc outcome(const kh_problems *problems, uint32_t before)
{
    if (kh_problems_rc(problems) == KH_E_MEMORY) {
        return KH_E_MEMORY;
    }
    return problems->count == before ? KH_OK : KH_E_CONFIGURATION;
}

/*! Reads one file, which must be of the kind that its place in the settings says. */
static void read_file(const char *settings_path, kh_text path, const char *key, kh_rule_file_kind kind,
                      kh_problems *problems, kh_rule_file *out)
{
    kh_text bytes = {NULL, 0};
    if (path.length == 0) {
        return; /* the settings' own problem */
    }
    if (kh_file_bytes_read(path.data, KH_YAML_BYTES_MOST, (kh_place){settings_path, 0, 0}, kh_text_of(key), problems,
                           &bytes) != KH_OK) {
        return;
    }
    (void)!kh_rule_file_read(path.data, bytes, problems, out); /* the caller looks at the problems */
    if (out->kind != KH_RULE_FILE_UNKNOWN && out->kind != kind) {
        kh_problems_add(problems, (kh_place){settings_path, 0, 0}, kh_text_of(key),
                        "%s is of the kind %s, where %s belongs", path.data, kh_rule_file_kind_name(out->kind),
                        kh_rule_file_kind_name(kind));
    }
}

static void read_files(kh_configuration *configuration, kh_problems *problems, kh_rule_file *files)
{
    const kh_settings *settings = &configuration->settings;
    uint32_t count = 0;
    for (uint32_t i = 0; i < settings->rule_count; i++) {
        read_file(settings->path, settings->rules[i], "rules", KH_RULE_FILE_PACK, problems, &files[count++]);
    }
    for (uint32_t i = 0; i < settings->policy_count; i++) {
        read_file(settings->path, settings->policies[i], "policies", KH_RULE_FILE_POLICIES, problems, &files[count++]);
    }
    for (uint32_t i = 0; i < settings->calendar_count; i++) {
        read_file(settings->path, settings->calendars[i], "calendars", KH_RULE_FILE_CALENDAR, problems,
                  &files[count++]);
    }
}

static bool has_topic(const kh_settings *settings, kh_text participant)
{
    for (uint32_t i = 0; i < settings->kafka.topics.event_count; i++) {
        if (kh_text_equal(settings->kafka.topics.events[i].key, participant)) {
            return true;
        }
    }
    return false;
}

/*! Whether an earlier pack has the participant too, so that it is spoken of once. */
static bool named_before(const kh_rule_book *book, uint32_t pack_index, kh_text participant)
{
    for (uint32_t i = 0; i < pack_index; i++) {
        if (kh_rule_pack_participant(book->packs[i], participant) != NULL) {
            return true;
        }
    }
    return false;
}

kh_rc kh_configuration_check_topics(const kh_settings *settings, const kh_rule_book *book, kh_problems *problems)
{
    uint32_t before = problems->count;
    const kh_place place = {settings->path, 0, 0};
    const kh_text key = KH_TEXT("kafka.topics.events");
    for (uint32_t i = 0; i < book->pack_count; i++) {
        for (size_t j = 0; j < KH_PARTICIPANTS; j++) {
            kh_text participant = book->packs[i]->participants[j].id;
            if (!has_topic(settings, participant) && !named_before(book, i, participant)) {
                kh_problems_add(problems, place, key, "has no topic for %.*s, who takes part in %.*s; add one",
                                KH_TEXT_ARGS(participant), KH_TEXT_ARGS(book->packs[i]->arrangement));
            }
        }
    }
    for (uint32_t i = 0; i < settings->kafka.topics.event_count; i++) {
        kh_text participant = settings->kafka.topics.events[i].key;
        if (kh_rule_book_participant(book, participant) == NULL) {
            kh_problems_add(problems, place, key,
                            "%.*s takes part in no arrangement of the rule packs; take it out, or add its rule pack",
                            KH_TEXT_ARGS(participant));
        }
    }
    return outcome(problems, before);
}

kh_rc kh_configuration_load(const char *path, const char *const *overrides, uint32_t override_count,
                            kh_problems *problems, kh_configuration *out)
{
    uint32_t before = problems->count;
    *out = (kh_configuration){.files = NULL};
    if (kh_settings_read(path, overrides, override_count, problems, &out->settings) == KH_E_MEMORY) {
        return KH_E_MEMORY;
    }
    const kh_settings *settings = &out->settings;
    uint32_t count = settings->rule_count + settings->policy_count + settings->calendar_count;
    kh_rule_file *files = kh_arena_allocate_array(problems->arena, count, sizeof(*files));
    if (files == NULL) {
        return KH_E_MEMORY;
    }
    read_files(out, problems, files);
    out->files = files;
    out->file_count = count;
    kh_rc rc = outcome(problems, before);
    if (rc == KH_OK) {
        /* Only well-read files are worth comparing: a broken one would seem to be missing. */
        rc = kh_rule_book_build(files, count, problems, &out->book);
    }
    if (rc == KH_OK) {
        rc = kh_configuration_check_topics(settings, &out->book, problems);
    }
    return rc;
}
