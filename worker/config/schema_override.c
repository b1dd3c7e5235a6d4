#include "config/schema_walk.h"

#include "config/schema_value.h"

/*! Messages name overrides so; the assignment itself may hold what should not be shown. */
#define PLACE_NAME "--set"

static const kh_schema_key *find_key(const kh_schema *schema, kh_text name)
{
    for (const kh_schema_key *key = schema->keys; key->name != NULL; key++) {
        if (kh_text_equal(name, kh_text_of(key->name))) {
            return key;
        }
    }
    return NULL;
}

/*! The node and everything in it stand on no line. */
static void forget_lines(kh_yaml_node *node)
{
    node->place = (kh_place){PLACE_NAME, 0, 0};
    for (kh_yaml_entry *entry = node->first; entry != NULL; entry = entry->next) {
        entry->place = node->place;
        forget_lines(entry->value); /* as deep as kh_yaml_read allows */
    }
}

/*! The map at a key of \a map, made if it is not there (or stands there with nothing in it). NULL when memory is out.
 */
static kh_yaml_node *enter_map(kh_yaml_node *map, kh_text name, kh_arena *arena)
{
    kh_yaml_entry *entry = kh_yaml_find(map, name);
    if (entry != NULL && entry->value->kind != KH_YAML_SCALAR) {
        return entry->value;
    }
    kh_yaml_node *inside = kh_arena_allocate(arena, sizeof(*inside));
    if (inside == NULL) {
        return NULL;
    }
    *inside = (kh_yaml_node){.kind = KH_YAML_MAP, .place = {PLACE_NAME, 0, 0}};
    return kh_yaml_put(map, name, inside, arena) == KH_OK ? inside : NULL;
}

/*! The value as a tree. NULL if it is none; a problem has been added. */
static kh_yaml_node *read_value(kh_text text, kh_problems *problems)
{
    kh_yaml_node *value = NULL;
    if (text.length != 0) {
        value = kh_yaml_read(PLACE_NAME, text, problems);
    } else {
        value = kh_arena_allocate(problems->arena, sizeof(*value));
        if (value != NULL) {
            value->kind = KH_YAML_SCALAR;
        }
    }
    if (value != NULL) {
        forget_lines(value);
    }
    return value;
}

void kh_schema_override(const kh_schema *schema, kh_yaml_node *root, const char *assignment, kh_problems *problems)
{
    const kh_place place = {PLACE_NAME, 0, 0};
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || equals == assignment || root->kind != KH_YAML_MAP) {
        kh_problems_add(problems, place, KH_TEXT(""), "KEY=VALUE belongs here, for example kafka.group=blue");
        return;
    }
    const kh_text path = {assignment, (size_t)(equals - assignment)};
    kh_text rest = path;
    kh_yaml_node *map = root;
    const kh_schema_key *key = NULL;
    kh_text name = {NULL, 0};
    while (rest.length != 0) {
        const char *dot = key != NULL && key->type == KH_SCHEMA_PAIRS ? NULL : memchr(rest.data, '.', rest.length);
        name = (kh_text){rest.data, dot == NULL ? rest.length : (size_t)(dot - rest.data)};
        rest = (kh_text){rest.data + name.length + (dot == NULL ? 0 : 1),
                         rest.length - name.length - (dot == NULL ? 0 : 1)};
        if (key != NULL && key->type == KH_SCHEMA_PAIRS) {
            break;
        }
        key = find_key(schema, name);
        bool leads_on = key != NULL && (key->type == KH_SCHEMA_MAP || key->type == KH_SCHEMA_PAIRS);
        if (key == NULL || (rest.length != 0 && !leads_on)) {
            kh_text shown = kh_problems_quote(problems, path);
            kh_problems_add(problems, place, KH_TEXT(""), "there is no setting %.*s; --print lists them all",
                            KH_TEXT_ARGS(shown));
            return;
        }
        if (leads_on && rest.length != 0) {
            schema = key->inside;
            map = enter_map(map, name, problems->arena);
            if (map == NULL) {
                return;
            }
        }
    }
    bool open = key != NULL && key->type == KH_SCHEMA_PAIRS && key->is_secret != NULL;
    if (key == NULL || key->type == KH_SCHEMA_SECRET || (open && key->is_secret(name))) {
        kh_problems_add(
            problems, place, path,
            "a secret is not given on the command line, where others can read it; name it in the settings file as "
            "{env: NAME} or {file: PATH}");
        return;
    }
    kh_text copy = {NULL, 0};
    kh_yaml_node *value = read_value(kh_text_of(equals + 1), problems);
    if (value != NULL && kh_arena_copy_text(problems->arena, name, &copy) == KH_OK) {
        (void)!kh_yaml_put(map, copy, value, problems->arena); /* out of memory: the arena remembers */
    }
}
