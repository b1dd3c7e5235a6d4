#include "config/yaml_tree.h"

#include <yaml.h>

#define KEY_BYTES_MOST 128

typedef struct reader {
    yaml_parser_t parser;
    const char *name;
    kh_problems *problems;
    bool stopped; /*!< a problem after which nothing more can be read */
} reader;

static kh_place place_of(const reader *r, yaml_mark_t mark)
{
    return (kh_place){r->name, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static void stop(reader *r, kh_place place, const char *why)
{
    r->stopped = true;
    kh_problems_add(r->problems, place, KH_TEXT(""), "%s", why);
}

/*! The next event; false when reading has stopped. The caller deletes the event. */
static bool next_event(reader *r, yaml_event_t *event)
{
    if (r->stopped) {
        return false;
    }
    if (yaml_parser_parse(&r->parser, event) == 1) {
        return true;
    }
    r->stopped = true;
    if (r->parser.error == YAML_MEMORY_ERROR) {
        kh_problems_add_memory(r->problems);
    } else if (r->parser.error == YAML_READER_ERROR) {
        /* libyaml gives a byte, not a line, for what is no text. */
        kh_problems_add(r->problems, (kh_place){r->name, 0, 0}, KH_TEXT(""),
                        "not a YAML text: %s at byte %zu; save the file as UTF-8", r->parser.problem,
                        r->parser.problem_offset);
    } else {
        kh_problems_add(r->problems, place_of(r, r->parser.problem_mark), KH_TEXT(""), "not YAML: %s%s%s",
                        r->parser.problem, r->parser.context == NULL ? "" : ", ",
                        r->parser.context == NULL ? "" : r->parser.context);
    }
    return false;
}

/*! As kh_arena_allocate; ends the reading when memory is out. */
static void *allocate(reader *r, size_t size)
{
    void *storage = kh_arena_allocate(r->problems->arena, size);
    r->stopped = r->stopped || storage == NULL;
    return storage;
}

static bool has_control_characters(kh_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool c1_control = byte == 0xc2 && i + 1 < text.length && (unsigned char)text.data[i + 1] < 0xa0;
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f || c1_control) {
            return true;
        }
    }
    return false;
}

/*! What no node may carry. \return false if something was refused. */
static bool check_properties(reader *r, kh_place place, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        kh_problems_add(r->problems, place, KH_TEXT(""), "anchors (&) are not used here; write the value out");
    }
    if (tag != NULL) {
        kh_problems_add(r->problems, place, KH_TEXT(""), "tags (!) are not used here; leave it out");
    }
    return anchor == NULL && tag == NULL;
}

static void read_scalar(reader *r, const yaml_event_t *event, kh_yaml_node *node)
{
    kh_text value = {(const char *)event->data.scalar.value, event->data.scalar.length};
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!check_properties(r, node->place, event->data.scalar.anchor, event->data.scalar.tag)) {
        return;
    }
    if (has_control_characters(value)) {
        kh_problems_add(r->problems, node->place, KH_TEXT(""),
                        "control characters may not stand in a value; remove them");
        return;
    }
    if (kh_arena_copy_text(r->problems->arena, value, &node->value) == KH_OK) {
        node->kind = KH_YAML_SCALAR;
    }
}

static void append(kh_yaml_node *node, kh_yaml_entry *entry)
{
    if (node->last == NULL) {
        node->first = entry;
    } else {
        node->last->next = entry;
    }
    node->last = entry;
    node->count++;
}

static kh_yaml_node *read_node(reader *r, const yaml_event_t *event, unsigned depth);

/*! Reads the entries of a list up to its end. */
static void read_list(reader *r, kh_yaml_node *list, unsigned depth)
{
    yaml_event_t event;
    while (next_event(r, &event)) {
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        kh_yaml_node *value = end ? NULL : read_node(r, &event, depth);
        yaml_event_delete(&event);
        kh_yaml_entry *entry = value == NULL ? NULL : allocate(r, sizeof(*entry));
        if (entry == NULL) {
            return;
        }
        *entry = (kh_yaml_entry){.place = value->place, .value = value};
        append(list, entry);
    }
}

/*! \return whether \a key may become a key of the map; if not, a problem has been added. */
static bool check_key(reader *r, const kh_yaml_node *map, const kh_yaml_node *key)
{
    if (key->kind != KH_YAML_SCALAR) {
        if (key->kind != KH_YAML_REFUSED) {
            kh_problems_add(r->problems, key->place, KH_TEXT(""), "a key must be a plain word, not a list or a map");
        }
        return false;
    }
    if (key->value.length == 0 || key->value.length > KEY_BYTES_MOST ||
        memchr(key->value.data, '\n', key->value.length) != NULL ||
        memchr(key->value.data, '\t', key->value.length) != NULL) {
        kh_problems_add(r->problems, key->place, KH_TEXT(""), "a key must be a word of 1 to %d bytes", KEY_BYTES_MOST);
        return false;
    }
    const kh_yaml_entry *before = kh_yaml_find(map, key->value);
    if (before != NULL) {
        kh_text shown = kh_problems_quote(r->problems, key->value);
        kh_problems_add(r->problems, key->place, KH_TEXT(""), "the key %.*s stands twice, first in line %u; keep one",
                        KH_TEXT_ARGS(shown), (unsigned)before->place.line);
        return false;
    }
    return true;
}

/*! Reads the entries of a map up to its end. */
static void read_map(reader *r, kh_yaml_node *map, unsigned depth)
{
    yaml_event_t event;
    while (next_event(r, &event)) {
        bool end = event.type == YAML_MAPPING_END_EVENT;
        kh_yaml_node *key = end ? NULL : read_node(r, &event, depth);
        yaml_event_delete(&event);
        if (key == NULL || !next_event(r, &event)) {
            return;
        }
        kh_yaml_node *value = read_node(r, &event, depth);
        yaml_event_delete(&event);
        if (value == NULL) {
            return;
        }
        if (!check_key(r, map, key)) {
            continue;
        }
        if (map->count == KH_YAML_KEYS_MOST) {
            stop(r, key->place, "more keys in one map than are ever needed (256)");
            return;
        }
        kh_yaml_entry *entry = allocate(r, sizeof(*entry));
        if (entry == NULL) {
            return;
        }
        *entry = (kh_yaml_entry){.key = key->value, .place = key->place, .value = value};
        append(map, entry);
    }
}

/*! The node that begins with \a event. NULL when reading has stopped or memory is out. */
static kh_yaml_node *read_node(reader *r, const yaml_event_t *event, unsigned depth)
{
    kh_yaml_node *node = allocate(r, sizeof(*node));
    if (node == NULL) {
        return NULL;
    }
    node->place = place_of(r, event->start_mark);
    if (depth == KH_YAML_DEPTH_MOST &&
        (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)) {
        stop(r, node->place, "lists and maps nested deeper than is ever needed (16)");
        return NULL;
    }
    bool plain = true;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        read_scalar(r, event, node);
        break;
    case YAML_SEQUENCE_START_EVENT:
        plain = check_properties(r, node->place, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        read_list(r, node, depth + 1);
        node->kind = plain ? KH_YAML_LIST : KH_YAML_REFUSED;
        break;
    case YAML_MAPPING_START_EVENT:
        plain = check_properties(r, node->place, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        read_map(r, node, depth + 1);
        node->kind = plain ? KH_YAML_MAP : KH_YAML_REFUSED;
        break;
    case YAML_ALIAS_EVENT:
        kh_problems_add(r->problems, node->place, KH_TEXT(""), "aliases (*) are not used here; write the value out");
        break;
    default:
        /* libyaml sends nothing else inside a document. */
        stop(r, node->place, "not a value");
        return NULL;
    }
    return r->stopped ? NULL : node;
}

/*! Reads stream start, one document, stream end. */
static kh_yaml_node *read_stream(reader *r)
{
    kh_yaml_node *root = NULL;
    yaml_event_t event;
    while (next_event(r, &event)) {
        yaml_event_type_t type = event.type;
        kh_place place = place_of(r, event.start_mark);
        if (type == YAML_DOCUMENT_START_EVENT && root != NULL) {
            stop(r, place, "a second document; a file holds one, split it");
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
                   type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT) {
            root = read_node(r, &event, 0);
        }
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT) {
            break;
        }
    }
    if (root == NULL && !r->stopped) {
        stop(r, (kh_place){r->name, 0, 0}, "is empty; see the annotated example for what must be in it");
    }
    return r->stopped ? NULL : root;
}

kh_yaml_node *kh_yaml_read(const char *name, kh_text bytes, kh_problems *problems)
{
    reader r = {.name = name, .problems = problems};
    if (bytes.length > KH_YAML_BYTES_MOST) {
        stop(&r, (kh_place){name, 0, 0}, "is larger than is ever needed (1 MiB); is it the right file?");
        return NULL;
    }
    if (yaml_parser_initialize(&r.parser) != 1) {
        kh_problems_add_memory(problems);
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(bytes.data == NULL ? "" : bytes.data),
                                 bytes.length);
    kh_yaml_node *root = read_stream(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

kh_yaml_entry *kh_yaml_find(const kh_yaml_node *map, kh_text key)
{
    if (map->kind == KH_YAML_LIST) {
        return NULL;
    }
    for (kh_yaml_entry *entry = map->first; entry != NULL; entry = entry->next) {
        if (kh_text_equal(entry->key, key)) {
            return entry;
        }
    }
    return NULL;
}

kh_rc kh_yaml_put(kh_yaml_node *map, kh_text key, kh_yaml_node *value, kh_arena *arena)
{
    kh_yaml_entry *entry = kh_yaml_find(map, key);
    if (entry == NULL) {
        entry = kh_arena_allocate(arena, sizeof(*entry));
        if (entry == NULL) {
            return KH_E_MEMORY;
        }
        entry->key = key;
        append(map, entry);
    }
    entry->place = value->place;
    entry->value = value;
    return KH_OK;
}
