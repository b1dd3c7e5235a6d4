/* YAML (libyaml) as a small tree with places, in an arena. Only what configuration needs: one document of maps, lists
 * and scalars; anchors, aliases, tags, merge keys and keys that are no scalars are refused. */
#ifndef KH_CONFIG_YAML_TREE_H
#define KH_CONFIG_YAML_TREE_H

#include "config/problems.h"

#define KH_YAML_BYTES_MOST (1024 * 1024) /*!< of a file */
#define KH_YAML_DEPTH_MOST 16            /*!< maps and lists inside each other */
#define KH_YAML_KEYS_MOST  256           /*!< of one map */

typedef enum kh_yaml_kind {
    KH_YAML_REFUSED = 0, /*!< a problem has been added: nothing more to say about it */
    KH_YAML_SCALAR = 1,
    KH_YAML_LIST = 2,
    KH_YAML_MAP = 3
} kh_yaml_kind;

typedef struct kh_yaml_entry kh_yaml_entry;

typedef struct kh_yaml_node {
    kh_yaml_kind kind;
    kh_place place;
    kh_text value;        /*!< of a scalar: UTF-8 without control characters but newline and tab, NUL behind it */
    bool quoted;          /*!< a scalar in quotes or as a block: text, whatever it looks like */
    kh_yaml_entry *first; /*!< of a map or a list, in the order of the file */
    kh_yaml_entry *last;
    uint32_t count;
} kh_yaml_node;

struct kh_yaml_entry {
    kh_text key;    /*!< of a map; empty in a list */
    kh_place place; /*!< of the key; in a list: of the value */
    kh_yaml_node *value;
    kh_yaml_entry *next;
};

/*! Reads one YAML document.
 *  \param name      for messages; NUL-terminated, must outlive \a problems and the tree.
 *  \param problems  gets everything that is refused; a refused part is KH_YAML_REFUSED, the rest is read on.
 *  \return the tree, in the arena of \a problems; NULL when there is none: a syntax error, too large, too deep, empty,
 * or memory was out (kh_problems_rc tells). */
kh_yaml_node *kh_yaml_read(const char *name, kh_text bytes, kh_problems *problems);

/*! The entry of that key; NULL if there is none. Any node. */
kh_yaml_entry *kh_yaml_find(const kh_yaml_node *map, kh_text key);

/*! Puts \a value at \a key of a map, in place of what is there. \return KH_OK or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_yaml_put(kh_yaml_node *map, kh_text key, kh_yaml_node *value, kh_arena *arena);

#endif
