#include "config/settings.h"

#include <stdlib.h>

#include "config/file_bytes.h"

#define SECRET_BYTES_MOST 65536

/*! A path as it can be opened: relative to the folder of the file that names it, unless it comes from an override. */
static kh_text resolve(const char *settings_path, kh_place place, kh_text path, kh_arena *arena)
{
    const char *slash = strrchr(settings_path, '/');
    bool from_file = place.line != 0;
    if (path.length == 0 || path.data[0] == '/' || slash == NULL || !from_file) {
        return path;
    }
    return kh_arena_print(arena, "%.*s%.*s", (int)(slash - settings_path + 1), settings_path, KH_TEXT_ARGS(path));
}

/*! All texts of one list of files. */
static void resolve_list(const char *settings_path, const kh_yaml_node *root, const char *key, const kh_text *paths,
                         uint32_t count, kh_arena *arena, const kh_text **out)
{
    const kh_yaml_entry *list = kh_yaml_find(root, kh_text_of(key));
    kh_text *resolved = kh_arena_allocate_array(arena, count, sizeof(*resolved));
    if (list == NULL || resolved == NULL) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        resolved[i] = resolve(settings_path, list->value->place, paths[i], arena);
    }
    *out = resolved;
}

static kh_yaml_node *read_tree(const char *path, kh_problems *problems)
{
    kh_text bytes = {NULL, 0};
    if (kh_file_bytes_read(path, KH_YAML_BYTES_MOST, (kh_place){path, 0, 0}, KH_TEXT(""), problems, &bytes) != KH_OK) {
        return NULL;
    }
    return kh_yaml_read(path, bytes, problems);
}

kh_rc kh_settings_read(const char *path, const char *const *overrides, uint32_t override_count, kh_problems *problems,
                       kh_settings *out)
{
    uint32_t before = problems->count;
    kh_arena *arena = problems->arena;
    *out = (kh_settings){.path = path};
    kh_yaml_node *root = read_tree(path, problems);
    if (root != NULL) {
        for (uint32_t i = 0; i < override_count; i++) {
            kh_schema_override(&kh_settings_schema, root, overrides[i], problems);
        }
        kh_schema_walk(&kh_settings_schema, root, problems, out);
        resolve_list(path, root, "rules", out->rules, out->rule_count, arena, &out->rules);
        resolve_list(path, root, "policies", out->policies, out->policy_count, arena, &out->policies);
        resolve_list(path, root, "calendars", out->calendars, out->calendar_count, arena, &out->calendars);
    }
    if (kh_problems_rc(problems) == KH_E_MEMORY) {
        return KH_E_MEMORY;
    }
    return problems->count == before ? KH_OK : KH_E_CONFIGURATION;
}

/*! Without the line end that an editor puts behind it. */
static kh_text without_line_end(kh_text text)
{
    while (text.length > 0 && (text.data[text.length - 1] == '\n' || text.data[text.length - 1] == '\r')) {
        text.length--;
    }
    return text;
}

static void fetch_secret(const kh_settings *settings, kh_text key, kh_secret *secret, kh_problems *problems)
{
    kh_text found = {NULL, 0};
    kh_arena *arena = problems->arena;
    if (secret->source == KH_SECRET_ENVIRONMENT) {
        const char *value = getenv(secret->name.data);
        if (value == NULL || value[0] == '\0') {
            kh_problems_add(problems, secret->place, key, "the environment variable %.*s is not set, or empty",
                            KH_TEXT_ARGS(kh_problems_quote(problems, secret->name)));
            return;
        }
        found = kh_text_of(value);
    } else if (secret->source == KH_SECRET_FILE) {
        kh_text path = resolve(settings->path, secret->place, secret->name, arena);
        if (path.data == NULL ||
            kh_file_bytes_read(path.data, SECRET_BYTES_MOST, secret->place, key, problems, &found) != KH_OK) {
            return;
        }
        found = without_line_end(found);
        if (found.length == 0 || memchr(found.data, '\0', found.length) != NULL) {
            kh_problems_add(problems, secret->place, key,
                            "the file is empty or no text; it must hold the secret alone");
            return;
        }
    }
    (void)!kh_arena_copy_text(arena, found, &secret->value); /* out of memory: the arena remembers */
}

static void require_text(const kh_settings *settings, const char *key, kh_text value, const char *example,
                         kh_problems *problems)
{
    if (value.length == 0) {
        kh_problems_add(problems, (kh_place){settings->path, 0, 0}, kh_text_of(key),
                        "is missing: this command needs it, for example %s", example);
    }
}

kh_rc kh_settings_require(kh_settings *settings, unsigned needs, kh_problems *problems)
{
    uint32_t before = problems->count;
    kh_arena *arena = problems->arena;
    if ((needs & KH_NEEDS_BROKER) != 0) {
        kh_kafka_section *kafka = &settings->kafka;
        require_text(settings, "kafka.brokers", kafka->brokers, "localhost:9092", problems);
        kh_pair *pairs = kh_arena_allocate_array(arena, kafka->librdkafka_count, sizeof(*pairs));
        for (uint32_t i = 0; pairs != NULL && i < kafka->librdkafka_count; i++) {
            pairs[i] = kafka->librdkafka[i];
            kh_text key = kh_arena_print(arena, "kafka.librdkafka.%.*s", KH_TEXT_ARGS(pairs[i].key));
            fetch_secret(settings, key, &pairs[i].secret, problems);
        }
        kafka->librdkafka = pairs == NULL ? kafka->librdkafka : pairs;
    }
    if ((needs & KH_NEEDS_DATABASE) != 0) {
        require_text(settings, "database.connection", settings->database.connection,
                     "\"host=localhost dbname=kakehashi\"", problems);
        fetch_secret(settings, KH_TEXT("database.password"), &settings->database.password, problems);
    }
    if (kh_problems_rc(problems) == KH_E_MEMORY) {
        return KH_E_MEMORY;
    }
    return problems->count == before ? KH_OK : KH_E_CONFIGURATION;
}

kh_rc kh_settings_print(const kh_settings *settings, FILE *out)
{
    return kh_schema_print(&kh_settings_schema, settings, out);
}
