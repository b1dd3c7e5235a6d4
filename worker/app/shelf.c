#include "app/shelf.h"

#include <bsd/sys/tree.h>
#include <stdlib.h>

#include "app/heap.h"
#include "codec/store.h"

typedef struct row {
    RB_ENTRY(row) by_key;
    RB_ENTRY(row) by_due;
    RB_ENTRY(row) by_basis;
    kh_stored_subject stored; /* its texts and `basis` lie in `bytes` */
    kh_text basis;
    char *bytes;
} row;

static int compare_keys(const row *a, const row *b)
{
    return kh_text_compare(a->stored.key, b->stored.key);
}

static int compare_due(const row *a, const row *b)
{
    if (a->stored.due_at != b->stored.due_at) {
        return a->stored.due_at < b->stored.due_at ? -1 : 1;
    }
    return compare_keys(a, b);
}

static int compare_basis(const row *a, const row *b)
{
    int order = kh_text_compare(a->basis, b->basis);
    return order != 0 ? order : compare_keys(a, b);
}

RB_HEAD(key_tree, row);
RB_HEAD(due_tree, row);
RB_HEAD(basis_tree, row);
/* not every function that is generated is used */
#define KH_TREE_FUNCTION __attribute__((unused)) static
RB_GENERATE_INTERNAL(key_tree, row, by_key, compare_keys, KH_TREE_FUNCTION)
RB_GENERATE_INTERNAL(due_tree, row, by_due, compare_due, KH_TREE_FUNCTION)
RB_GENERATE_INTERNAL(basis_tree, row, by_basis, compare_basis, KH_TREE_FUNCTION)

struct kh_shelf {
    kh_subject_source source;
    struct key_tree keys;
    struct due_tree due;
    struct basis_tree derived;
    kh_stored_subject *list; /* what the last read gave */
    size_t list_size;
};

static row *find(const kh_shelf *shelf, kh_text key)
{
    row wanted = {.stored = {.key = key}};
    return RB_FIND(key_tree, (struct key_tree *)&shelf->keys, &wanted);
}

static kh_rc shelf_read(void *self, kh_text key, kh_stored_subject *out)
{
    const row *found = find(self, key);
    *out = found != NULL ? found->stored : (kh_stored_subject){.key = key, .due_at = KH_INSTANT_NONE};
    return KH_OK;
}

static kh_rc shelf_read_basis(void *self, kh_text key, kh_text *facts)
{
    const row *found = find(self, key);
    *facts = found != NULL ? found->stored.facts : (kh_text){"", 0};
    return KH_OK;
}

static kh_rc list_row(kh_shelf *shelf, size_t at, const row *of)
{
    if (!kh_heap_grow((void **)&shelf->list, &shelf->list_size, at, sizeof *shelf->list)) {
        return KH_E_MEMORY;
    }
    shelf->list[at] = of->stored;
    return KH_OK;
}

static kh_rc shelf_read_dependents(void *self, kh_text key, kh_stored_subject **out, size_t *count)
{
    kh_shelf *shelf = self;
    row first = {.basis = key};
    kh_rc rc = KH_OK;
    *count = 0;
    row *next = RB_NFIND(basis_tree, &shelf->derived, &first);
    while (rc == KH_OK && next != NULL && kh_text_equal(next->basis, key)) {
        rc = list_row(shelf, (*count)++, next);
        next = RB_NEXT(basis_tree, &shelf->derived, next);
    }
    *out = shelf->list;
    return rc;
}

static kh_rc shelf_read_due(void *self, kh_instant after, kh_instant until, size_t limit, kh_stored_subject **out,
                            size_t *count)
{
    kh_shelf *shelf = self;
    row first = {.stored = {.due_at = after == KH_INSTANT_NONE ? KH_INSTANT_NONE : after + 1}};
    kh_rc rc = KH_OK;
    *count = 0;
    row *next = RB_NFIND(due_tree, &shelf->due, &first);
    while (rc == KH_OK && next != NULL && next->stored.due_at <= until && *count < limit) {
        rc = list_row(shelf, (*count)++, next);
        next = RB_NEXT(due_tree, &shelf->due, next);
    }
    *out = shelf->list;
    return rc;
}

kh_shelf *kh_shelf_new(void)
{
    kh_shelf *shelf = calloc(1, sizeof *shelf);
    if (shelf != NULL) {
        shelf->source = (kh_subject_source){shelf, shelf_read, shelf_read_basis, shelf_read_dependents, shelf_read_due};
    }
    return shelf;
}

static void free_row(row *of)
{
    free(of->bytes);
    free(of);
}

static void take_out(kh_shelf *shelf, row *of)
{
    RB_REMOVE(key_tree, &shelf->keys, of);
    if (of->stored.due_at != KH_INSTANT_NONE) {
        RB_REMOVE(due_tree, &shelf->due, of);
    }
    if (of->basis.length > 0) {
        RB_REMOVE(basis_tree, &shelf->derived, of);
    }
    free_row(of);
}

void kh_shelf_free(kh_shelf *shelf)
{
    if (shelf == NULL) {
        return;
    }
    row *next = RB_MIN(key_tree, &shelf->keys);
    while (next != NULL) {
        row *gone = next;
        next = RB_NEXT(key_tree, &shelf->keys, gone);
        take_out(shelf, gone);
    }
    free(shelf->list);
    free(shelf);
}

const kh_subject_source *kh_shelf_source(const kh_shelf *shelf)
{
    return &shelf->source;
}

static kh_text append(char **to, kh_text text)
{
    kh_text copy = {*to, text.length};
    if (text.length > 0) {
        memcpy(*to, text.data, text.length);
    }
    *to += text.length;
    return copy;
}

/* A row with copies of what it is to hold; NULL when memory is out. */
static row *new_row(const kh_subject *subject, kh_text facts, kh_text decisions)
{
    row *made = calloc(1, sizeof *made);
    char *next = malloc(subject->key.length + facts.length + decisions.length + subject->basis.length + 1);
    if (made == NULL || next == NULL) {
        free(made);
        free(next);
        return NULL;
    }
    made->bytes = next;
    made->stored = (kh_stored_subject){.known = true, .accepted = subject->accepted, .due_at = subject->due_at};
    made->stored.key = append(&next, subject->key);
    made->stored.facts = append(&next, facts);
    made->stored.decisions = append(&next, decisions);
    made->basis = append(&next, subject->basis);
    return made;
}

/* No row of the same key may be there. */
static kh_rc put_in(kh_shelf *shelf, row *of)
{
    if (RB_INSERT(key_tree, &shelf->keys, of) != NULL) {
        free_row(of);
        return KH_E_INTERNAL;
    }
    if (of->stored.due_at != KH_INSTANT_NONE) {
        RB_INSERT(due_tree, &shelf->due, of);
    }
    if (of->basis.length > 0) {
        RB_INSERT(basis_tree, &shelf->derived, of);
    }
    return KH_OK;
}

kh_rc kh_shelf_put(kh_shelf *shelf, const kh_subject *subject, kh_arena *arena)
{
    kh_text facts = {"", 0};
    kh_text decisions = {"", 0};
    kh_rc rc = kh_store_facts_encode(&subject->facts, arena, &facts);
    if (rc == KH_OK) {
        rc = kh_store_keys_encode(subject->keys, subject->key_count, arena, &decisions);
    }
    if (rc != KH_OK) {
        return rc;
    }
    row *after = new_row(subject, facts, decisions);
    if (after == NULL) {
        return KH_E_MEMORY;
    }
    row *before = find(shelf, subject->key);
    if (before != NULL) {
        take_out(shelf, before);
    }
    return put_in(shelf, after);
}

const kh_stored_subject *kh_shelf_next(const kh_shelf *shelf, kh_text after)
{
    row wanted = {.stored = {.key = after}};
    struct key_tree *keys = (struct key_tree *)&shelf->keys;
    row *next = RB_NFIND(key_tree, keys, &wanted);
    if (next != NULL && kh_text_equal(next->stored.key, after)) {
        next = RB_NEXT(key_tree, keys, next);
    }
    return next == NULL ? NULL : &next->stored;
}
