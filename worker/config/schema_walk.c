#include "config/schema_walk.h"

#include <stdarg.h>

#include "config/schema_value.h"
#include "kakehashi/date.h"

/*! The key path: "tables[0].from". In the arena. */
static kh_text path_of(const kh_schema_at *at, const char *key, int64_t index)
{
    kh_arena *arena = at->problems->arena;
    kh_text up = at->up == NULL ? KH_TEXT("") : path_of(at->up, at->name, at->index);
    if (key == NULL) {
        return up;
    }
    const char *dot = up.length == 0 ? "" : ".";
    if (index < 0) {
        return kh_arena_print(arena, "%.*s%s%s", KH_TEXT_ARGS(up), dot, key);
    }
    return kh_arena_print(arena, "%.*s%s%s[%lld]", KH_TEXT_ARGS(up), dot, key, (long long)index);
}

/*! "key:" with nothing behind it, or "~". */
static bool is_nothing(const kh_yaml_node *node)
{
    return node->kind == KH_YAML_SCALAR && !node->quoted &&
           (node->value.length == 0 || kh_text_equal(node->value, KH_TEXT("~")));
}

static void complain(const kh_schema_at *at, const char *key, int64_t index, kh_place place, kh_text what)
{
    kh_problems_add(at->problems, place, path_of(at, key, index), "%.*s", KH_TEXT_ARGS(what));
}

/*! `"fast" stands where a number from 1 to 10 belongs: ...`. */
static void complain_value(const kh_schema_at *at, const kh_schema_key *key, int64_t index, const kh_yaml_node *node)
{
    kh_arena *arena = at->problems->arena;
    kh_text belongs = kh_schema_value_describe(key, arena);
    kh_text shown = KH_TEXT("a value");
    const char *nearest = NULL;
    if (node->kind == KH_YAML_LIST) {
        shown = KH_TEXT("a list");
    } else if (node->kind == KH_YAML_MAP) {
        shown = KH_TEXT("a map");
    } else if (is_nothing(node)) {
        shown = KH_TEXT("nothing");
    } else if (!key->hidden && key->type != KH_SCHEMA_SECRET) {
        shown = kh_problems_quote(at->problems, node->value);
    }
    bool one_of_many = key->type == KH_SCHEMA_CHOICE || index >= 0;
    if (node->kind == KH_YAML_SCALAR && key->choices != NULL && one_of_many) {
        nearest = kh_schema_value_nearest(node->value, &key->choices->name, kh_schema_choice_count(key->choices),
                                          sizeof(kh_choice));
    }
    kh_text meant = nearest == NULL ? KH_TEXT("") : kh_arena_print(arena, "; did you mean %s?", nearest);
    complain(at, key->name, index, node->place,
             kh_arena_print(arena, "%.*s stands where %.*s belongs: %s%.*s", KH_TEXT_ARGS(shown), KH_TEXT_ARGS(belongs),
                            key->help, KH_TEXT_ARGS(meant)));
}

static void complain_refused(const kh_schema_at *at, const kh_schema_key *key, int64_t index, const kh_yaml_node *node,
                             const char *why)
{
    kh_text shown = key->hidden ? KH_TEXT("the value") : kh_problems_quote(at->problems, node->value);
    complain(at, key->name, index, node->place,
             kh_arena_print(at->problems->arena, "%.*s %s", KH_TEXT_ARGS(shown), why));
}

/*! Reads one scalar, of the key itself or of a list. */
static void read_scalar(const kh_schema_at *at, const kh_schema_key *key, int64_t index, const kh_yaml_node *node,
                        void *field)
{
    if (node->kind == KH_YAML_REFUSED) {
        return;
    }
    if (node->kind != KH_YAML_SCALAR || is_nothing(node) || !kh_schema_value_parse(key, node->value, field)) {
        complain_value(at, key, index, node);
        return;
    }
    const char *why = key->refuse == NULL ? NULL : key->refuse(node->value);
    if (why != NULL) {
        complain_refused(at, key, index, node, why);
    }
}

static bool check_count(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node)
{
    if (key->most == 0 || ((int64_t)node->count >= key->least && (int64_t)node->count <= key->most)) {
        return true;
    }
    complain(at, key->name, -1, node->place,
             kh_arena_print(at->problems->arena, "has %u items; %lld to %lld belong here: %s", (unsigned)node->count,
                            (long long)key->least, (long long)key->most, key->help));
    return (int64_t)node->count <= key->most;
}

/*! An array for the items of a list or map, put into the record with its count. NULL for none, or when memory is out.
 */
static void *begin_array(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, size_t size,
                         char *record)
{
    void *array = node->count == 0 ? NULL : kh_arena_allocate_array(at->problems->arena, node->count, size);
    memcpy(record + key->offset, &array, sizeof(array));
    if (array != NULL) {
        memcpy(record + key->count_offset, &node->count, sizeof(node->count));
    }
    return array;
}

static void read_texts(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, char *record)
{
    kh_text *texts = begin_array(at, key, node, sizeof(*texts), record);
    int64_t index = 0;
    for (const kh_yaml_entry *entry = node->first; texts != NULL && entry != NULL; entry = entry->next) {
        read_scalar(at, key, index, entry->value, &texts[index]);
        index++;
    }
}

static void read_choices(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, char *record)
{
    int64_t index = 0;
    for (const kh_yaml_entry *entry = node->first; entry != NULL; entry = entry->next) {
        read_scalar(at, key, index++, entry->value, record + key->offset);
    }
}

static void read_secret(const kh_schema_at *at, const kh_schema_key *key, const char *name, const kh_yaml_node *node,
                        kh_secret *secret)
{
    const kh_yaml_entry *only = node->first;
    bool environment = only != NULL && kh_text_equal(only->key, KH_TEXT("env"));
    bool file = only != NULL && kh_text_equal(only->key, KH_TEXT("file"));
    if (node->kind != KH_YAML_MAP || node->count != 1 || (!environment && !file) ||
        only->value->kind != KH_YAML_SCALAR || only->value->value.length == 0) {
        /* What stands there may be the secret: not shown. */
        complain(at, name, -1, node->place,
                 kh_arena_print(at->problems->arena,
                                "a secret is named here, not written out: {env: NAME} for an environment variable, or "
                                "{file: PATH}: %s",
                                key->help));
        return;
    }
    *secret = (kh_secret){.source = environment ? KH_SECRET_ENVIRONMENT : KH_SECRET_FILE,
                          .name = only->value->value,
                          .place = only->value->place};
}

static void read_pair(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_entry *entry, kh_pair *pair)
{
    const kh_schema_at inside = {.problems = at->problems, .node = at->node, .up = at, .name = key->name, .index = -1};
    pair->key = entry->key;
    const char *why = key->refuse_key == NULL ? NULL : key->refuse_key(entry->key);
    if (why != NULL) {
        complain(&inside, entry->key.data, -1, entry->place, kh_text_of(why));
        return;
    }
    kh_schema_key value = *key; /* for messages: the user's own key */
    value.name = entry->key.data;
    if (entry->value->kind == KH_YAML_REFUSED) {
        return;
    }
    if (key->is_secret != NULL && (key->is_secret(entry->key) || entry->value->kind == KH_YAML_MAP)) {
        read_secret(&inside, key, value.name, entry->value, &pair->secret);
        return;
    }
    read_scalar(&inside, &value, -1, entry->value, &pair->value);
}

static void read_pairs(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, char *record)
{
    kh_pair *pairs = begin_array(at, key, node, sizeof(*pairs), record);
    for (const kh_yaml_entry *entry = node->first; pairs != NULL && entry != NULL; entry = entry->next) {
        read_pair(at, key, entry, pairs++);
    }
}

static void walk_record(const kh_schema *schema, const kh_schema_at *at, char *record);

static void read_list(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, char *record)
{
    char *items = begin_array(at, key, node, key->inside->record_size, record);
    int64_t index = 0;
    for (const kh_yaml_entry *entry = node->first; items != NULL && entry != NULL; entry = entry->next) {
        const kh_schema_at inside = {
            .problems = at->problems, .node = entry->value, .up = at, .name = key->name, .index = index++};
        walk_record(key->inside, &inside, items);
        items += key->inside->record_size;
    }
}

/*! What stands where a map or list belongs. \return false if it was refused. */
static bool check_kind(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, kh_yaml_kind kind)
{
    if (node->kind != kind && node->kind != KH_YAML_REFUSED) {
        complain_value(at, key, -1, node);
    }
    return node->kind == kind;
}

static void read_value(const kh_schema_at *at, const kh_schema_key *key, const kh_yaml_node *node, char *record)
{
    const kh_schema_at inside = {.problems = at->problems, .node = node, .up = at, .name = key->name, .index = -1};
    /* "batch:" with every key in it commented out is a map with none. */
    const kh_yaml_node empty = {.kind = KH_YAML_MAP, .place = node->place};
    kh_schema_at emptied = inside;
    emptied.node = &empty;
    switch (key->type) {
    case KH_SCHEMA_TEXTS:
    case KH_SCHEMA_CHOICES:
    case KH_SCHEMA_LIST:
        if (!check_kind(at, key, node, KH_YAML_LIST) || !check_count(at, key, node)) {
            return;
        }
        if (key->type == KH_SCHEMA_LIST) {
            read_list(at, key, node, record);
        } else if (key->type == KH_SCHEMA_TEXTS) {
            read_texts(at, key, node, record);
        } else {
            read_choices(at, key, node, record);
        }
        return;
    case KH_SCHEMA_PAIRS:
        if (check_kind(at, key, node, KH_YAML_MAP) && check_count(at, key, node)) {
            read_pairs(at, key, node, record);
        }
        return;
    case KH_SCHEMA_MAP:
        walk_record(key->inside, is_nothing(node) ? &emptied : &inside, record + key->offset);
        return;
    case KH_SCHEMA_SECRET:
        if (node->kind != KH_YAML_REFUSED) {
            read_secret(at, key, key->name, node, (kh_secret *)(void *)(record + key->offset));
        }
        return;
    default:
        read_scalar(at, key, -1, node, record + key->offset);
    }
}

static void set_defaults(const kh_schema *schema, char *record)
{
    for (const kh_schema_key *key = schema->keys; key->name != NULL; key++) {
        if (key->type == KH_SCHEMA_DATE) {
            *(kh_day *)(void *)(record + key->offset) = KH_DAY_NONE;
        }
        if (key->fallback != NULL && !kh_schema_value_parse(key, kh_text_of(key->fallback), record + key->offset)) {
            /* A default that is not a value of its own key is a slip in a table: every test of that table finds it. */
            __builtin_trap();
        }
    }
}

/*! The keys of the map that the table does not have. */
static void refuse_unknown_keys(const kh_schema *schema, const kh_schema_at *at)
{
    size_t count = kh_schema_key_count(schema);
    for (const kh_yaml_entry *entry = at->node->first; entry != NULL; entry = entry->next) {
        const kh_schema_key *key = schema->keys;
        while (key->name != NULL && !kh_text_equal(entry->key, kh_text_of(key->name))) {
            key++;
        }
        if (key->name != NULL) {
            continue;
        }
        kh_arena *arena = at->problems->arena;
        const char *nearest = kh_schema_value_nearest(entry->key, &schema->keys->name, count, sizeof(*schema->keys));
        kh_text known = KH_TEXT("");
        for (size_t i = 0; nearest == NULL && i < count; i++) {
            known = kh_arena_print(arena, "%.*s%s%s", KH_TEXT_ARGS(known), i == 0 ? "" : ", ", schema->keys[i].name);
        }
        kh_text mend = nearest == NULL ? kh_arena_print(arena, "the keys here are %.*s", KH_TEXT_ARGS(known))
                                       : kh_arena_print(arena, "did you mean %s?", nearest);
        kh_text shown = kh_problems_quote(at->problems, entry->key);
        complain(at, NULL, -1, entry->place,
                 kh_arena_print(arena, "unknown key %.*s; %.*s", KH_TEXT_ARGS(shown), KH_TEXT_ARGS(mend)));
    }
}

/*! Reads a record from the map at \a at. Without one (NULL: the map is not there) it has its defaults. */
static void walk_record(const kh_schema *schema, const kh_schema_at *at, char *record)
{
    set_defaults(schema, record);
    kh_schema_at here = *at;
    if (here.node->kind != KH_YAML_MAP) {
        if (here.node->kind != KH_YAML_REFUSED) {
            complain(&here, NULL, -1, here.node->place,
                     KH_TEXT("a map of keys belongs here: \"key: value\", one a line"));
        }
        return;
    }
    refuse_unknown_keys(schema, &here);
    for (const kh_schema_key *key = schema->keys; key->name != NULL; key++) {
        const kh_yaml_entry *entry = kh_yaml_find(here.node, kh_text_of(key->name));
        if (entry != NULL) {
            read_value(&here, key, entry->value, record);
        } else if (key->required) {
            complain(&here, key->name, -1, here.node->place,
                     kh_arena_print(here.problems->arena, "is missing: %s", key->help));
        } else if (key->type == KH_SCHEMA_MAP) {
            /* Its own required keys are missing too: said at the place where the map would stand. */
            const kh_yaml_node empty = {.kind = KH_YAML_MAP, .place = here.node->place};
            read_value(&here, key, &empty, record);
        }
    }
    if (schema->check != NULL) {
        schema->check(&here, record);
    }
}

void kh_schema_walk(const kh_schema *schema, const kh_yaml_node *root, kh_problems *problems, void *record)
{
    const kh_schema_at at = {.problems = problems, .node = root, .index = -1};
    walk_record(schema, &at, record);
}

void kh_schema_problem(const kh_schema_at *at, const char *key, const char *format, ...)
{
    char said[1024]; /* a sentence; quoted values are short */
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(said, sizeof(said), format, arguments);
    va_end(arguments);
    const kh_yaml_entry *entry = key == NULL ? NULL : kh_yaml_find(at->node, kh_text_of(key));
    complain(at, key, -1, entry == NULL ? at->node->place : entry->value->place, kh_text_of(said));
}

kh_schema_at kh_schema_enter(const kh_schema_at *at, const char *key, uint32_t index)
{
    kh_schema_at inside = {.problems = at->problems, .node = at->node, .up = at, .name = key, .index = (int64_t)index};
    const kh_yaml_entry *list = kh_yaml_find(at->node, kh_text_of(key));
    const kh_yaml_entry *entry = list == NULL ? NULL : list->value->first;
    for (uint32_t i = 0; entry != NULL && i < index; i++) {
        entry = entry->next;
    }
    if (entry != NULL) {
        inside.node = entry->value;
    }
    return inside;
}
