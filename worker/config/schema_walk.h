/* One walk for every configuration file: a table says which keys a map has, of what type and within what bounds; the
 * walk reads a YAML tree into a C record by it, and adds every deviation to the problems. The same table prints a
 * record. */
#ifndef KH_CONFIG_SCHEMA_WALK_H
#define KH_CONFIG_SCHEMA_WALK_H

#include <stdio.h>

#include "config/yaml_tree.h"

/*! What a value is, and the field that it is read into. */
typedef enum kh_schema_type {
    KH_SCHEMA_TEXT,      /*!< kh_text; bounds are bytes */
    KH_SCHEMA_NUMBER,    /*!< uint32_t, or int32_t if `least` is below 0; decimal */
    KH_SCHEMA_BOOLEAN,   /*!< bool; yes, no, true, false */
    KH_SCHEMA_DATE,      /*!< kh_day; KH_DAY_NONE when absent */
    KH_SCHEMA_MONTH_DAY, /*!< uint16_t, month * 100 + day; "12-29" */
    KH_SCHEMA_OFFSET,    /*!< int32_t, minutes ahead of UTC; "+09:00" */
    KH_SCHEMA_CHOICE,    /*!< an enum; 0 when absent */
    KH_SCHEMA_CHOICES,   /*!< list of choices; uint8_t, bit n for the choice of value n */
    KH_SCHEMA_TEXTS,     /*!< list; const kh_text * and a count; bounds are the number of items, each 1 to 512 bytes */
    KH_SCHEMA_MAP,       /*!< a record inside this one, by its own table */
    KH_SCHEMA_LIST,  /*!< list of maps; pointer to an array of records, and a count; bounds are the number of items */
    KH_SCHEMA_PAIRS, /*!< map with keys of the user's choice; const kh_pair * and a count */
    KH_SCHEMA_SECRET /*!< kh_secret; {env: NAME} or {file: PATH}, never the value itself */
} kh_schema_type;

typedef enum kh_secret_source { KH_SECRET_NONE = 0, KH_SECRET_ENVIRONMENT = 1, KH_SECRET_FILE = 2 } kh_secret_source;

/*! Where a secret is kept. It is fetched only when it is needed, and never printed. */
typedef struct kh_secret {
    kh_secret_source source;
    kh_text name;   /*!< the environment variable, or the path as written */
    kh_place place; /*!< for messages */
    kh_text value;  /*!< empty until fetched */
} kh_secret;

/*! A key of the user's choice, with its value: either plain or a secret. */
typedef struct kh_pair {
    kh_text key;
    kh_text value; /*!< empty if `secret` has a source */
    kh_secret secret;
} kh_pair;

typedef struct kh_choice {
    const char *name;
    int value;
} kh_choice;

typedef struct kh_schema kh_schema;

typedef struct kh_schema_key {
    const char *name; /*!< NULL ends the table */
    kh_schema_type type;
    bool required;
    bool hidden;         /*!< messages do not show the value: a secret may stand in it by mistake */
    size_t offset;       /*!< of the field in the record */
    size_t count_offset; /*!< TEXTS, LIST, PAIRS: of the uint32_t that counts them */
    int64_t least;       /*!< see the types; 0 and 0: not bounded (a text: 1 to 512 bytes) */
    int64_t most;
    const char *fallback;     /*!< the default as it would stand in the file; NULL: none, the field stays zero */
    const kh_choice *choices; /*!< ended by a NULL name */
    const kh_schema *inside;  /*!< MAP, LIST */
    /*! TEXT, and each of TEXTS and PAIRS (its value): why not, and what instead; NULL: it is well. May be NULL. */
    const char *(*refuse)(kh_text value);
    const char *(*refuse_key)(kh_text key); /*!< PAIRS: the same for its keys */
    /*! PAIRS: the value of this key may not be written out. May be NULL. */
    bool (*is_secret)(kh_text key);
    const char *help; /*!< a sentence without its full stop, in lower case: what it is for */
} kh_schema_key;

/*! A place in a walk: what a check adds its problems at. */
typedef struct kh_schema_at {
    kh_problems *problems;
    const kh_yaml_node *node; /*!< of the record */
    const struct kh_schema_at *up;
    const char *name; /*!< key under `up`; NULL at the root */
    int64_t index;    /*!< in the list of that name; -1: it is no list */
} kh_schema_at;

struct kh_schema {
    const kh_schema_key *keys;
    size_t record_size; /*!< of an item, if used as a list */
    /*! What no single key can show; called after the keys were read, well or not (a field that could not be read has
     * its default). May be NULL. */
    void (*check)(const kh_schema_at *at, void *record);
};

/*! Fills \a record (zeroed before) with defaults and with what the tree says. Texts and arrays are in the arena, or are
 * those of the tree; every text has a NUL behind it. Whether all went well is in \a problems. */
void kh_schema_walk(const kh_schema *schema, const kh_yaml_node *root, kh_problems *problems, void *record);

/*! Adds a problem at a key of the place; at the place itself if the key is not there or NULL. */
void kh_schema_problem(const kh_schema_at *at, const char *key, const char *format, ...) KH_PRINTF(3, 4);

/*! The place of an item of the list at \a key; \a index must be in the list that the record has. */
kh_schema_at kh_schema_enter(const kh_schema_at *at, const char *key, uint32_t index);

/*! Puts one value into a tree before it is walked: "kafka.group=blue". The value is YAML ("[a, b]" is a list); the key
 * path is looked up in the table, so that what follows an open map ("kafka.librdkafka.security.protocol=ssl") is one
 * key. Secrets are refused, since a command line can be read by others. Its place in messages is the assignment itself.
 *  \param assignment  NUL-terminated, must outlive tree and problems. */
void kh_schema_override(const kh_schema *schema, kh_yaml_node *root, const char *assignment, kh_problems *problems);

/*! Writes \a record as YAML with every key of the table, defaults included, secrets as the place where they are kept.
 *  \retval KH_OK; KH_E_MEMORY, also if \a out could not be written. */
KH_MUSTCHECK kh_rc kh_schema_print(const kh_schema *schema, const void *record, FILE *out);

#endif
