#include "app/working_set.h"

#include <bsd/sys/tree.h>

#include "codec/store.h"

typedef struct entry {
    RB_ENTRY(entry) by_key;
    RB_ENTRY(entry) by_due;   /* in the tree while filed_due is an instant */
    RB_ENTRY(entry) by_basis; /* in the tree while filed_basis is not empty */
    kh_subject subject;
    kh_instant filed_due;
    kh_text filed_basis;
    bool known;
    bool dependents_read;
} entry;

typedef struct basis {
    RB_ENTRY(basis) by_key;
    kh_text key;
    kh_facts facts;
    bool known;
} basis;

static int compare_keys(const entry *a, const entry *b)
{
    return kh_text_compare(a->subject.key, b->subject.key);
}

static int compare_due(const entry *a, const entry *b)
{
    if (a->filed_due != b->filed_due) {
        return a->filed_due < b->filed_due ? -1 : 1;
    }
    return compare_keys(a, b);
}

static int compare_basis(const entry *a, const entry *b)
{
    int order = kh_text_compare(a->filed_basis, b->filed_basis);
    return order != 0 ? order : compare_keys(a, b);
}

static int compare_bases(const basis *a, const basis *b)
{
    return kh_text_compare(a->key, b->key);
}

RB_HEAD(key_tree, entry);
RB_HEAD(due_tree, entry);
RB_HEAD(basis_tree, entry);
RB_HEAD(bases_tree, basis);
/* not every function that is generated is used */
#define KH_TREE_FUNCTION __attribute__((unused)) static
RB_GENERATE_INTERNAL(key_tree, entry, by_key, compare_keys, KH_TREE_FUNCTION)
RB_GENERATE_INTERNAL(due_tree, entry, by_due, compare_due, KH_TREE_FUNCTION)
RB_GENERATE_INTERNAL(basis_tree, entry, by_basis, compare_basis, KH_TREE_FUNCTION)
RB_GENERATE_INTERNAL(bases_tree, basis, by_key, compare_bases, KH_TREE_FUNCTION)

struct kh_working_set {
    kh_store store;
    kh_arena *arena;
    const kh_rule_book *book;
    const kh_subject_source *source;
    kh_instant due_until;
    uint32_t due_limit;
    bool due_read;
    size_t held; /* rows in `keys` */
    struct key_tree keys;
    struct due_tree due;
    struct basis_tree derived;
    struct bases_tree bases; /* of other lanes */
};

static entry *find(kh_working_set *set, kh_text key)
{
    entry wanted = {.subject = {.key = key}};
    return RB_FIND(key_tree, &set->keys, &wanted);
}

/* Puts the entry where its due_at and basis say. */
static void file(kh_working_set *set, entry *of)
{
    if (of->filed_due != of->subject.due_at) {
        if (of->filed_due != KH_INSTANT_NONE) {
            RB_REMOVE(due_tree, &set->due, of);
        }
        of->filed_due = of->subject.due_at;
        if (of->filed_due != KH_INSTANT_NONE) {
            RB_INSERT(due_tree, &set->due, of);
        }
    }
    if (!kh_text_equal(of->filed_basis, of->subject.basis)) {
        if (of->filed_basis.length > 0) {
            RB_REMOVE(basis_tree, &set->derived, of);
        }
        of->filed_basis = of->subject.basis;
        if (of->filed_basis.length > 0) {
            RB_INSERT(basis_tree, &set->derived, of);
        }
    }
}

/* The basis is not stored beside the facts here: it follows from them. */
static kh_text served_basis(const kh_rule_book *book, kh_text label, const kh_facts *facts)
{
    const kh_origin *origin = kh_facts_origin(facts, label);
    bool served = origin != NULL && kh_rule_book_first_pack(book, origin->arrangement) != NULL;
    return served ? origin->basis : (kh_text){"", 0};
}

static kh_rc add(kh_working_set *set, const kh_stored_subject *row, entry **out)
{
    entry *added = kh_arena_allocate(set->arena, sizeof *added);
    if (added == NULL) {
        return KH_E_MEMORY;
    }
    kh_subject *subject = &added->subject;
    kh_rc rc = kh_arena_copy_text(set->arena, row->key, &subject->key);
    if (rc == KH_OK && row->facts.length > 0) {
        rc = kh_store_facts_decode(row->facts, set->arena, &subject->facts);
    }
    if (rc == KH_OK && row->decisions.length > 0) {
        rc = kh_store_keys_decode(set->book, row->decisions, set->arena, &subject->keys, &subject->key_count);
    }
    if (rc != KH_OK) {
        return rc;
    }
    subject->due_at = row->known ? row->due_at : KH_INSTANT_NONE;
    subject->accepted = row->accepted;
    subject->basis = served_basis(set->book, subject->key, &subject->facts);
    added->known = row->known;
    added->filed_due = KH_INSTANT_NONE;
    RB_INSERT(key_tree, &set->keys, added);
    set->held++;
    file(set, added);
    *out = added;
    return KH_OK;
}

static kh_rc find_or_read(kh_working_set *set, kh_text key, entry **out)
{
    *out = find(set, key);
    if (*out != NULL) {
        return KH_OK;
    }
    kh_stored_subject row = {.key = key, .due_at = KH_INSTANT_NONE};
    kh_rc rc = set->source->read(set->source->self, key, &row);
    return rc == KH_OK ? add(set, &row, out) : rc;
}

static kh_rc store_subject(void *self, kh_text key, kh_subject **out)
{
    entry *found = NULL;
    kh_rc rc = find_or_read(self, key, &found);
    if (rc == KH_OK) {
        *out = &found->subject;
    }
    return rc;
}

static kh_rc add_basis(kh_working_set *set, kh_text key, kh_text facts, basis **out)
{
    basis *added = kh_arena_allocate(set->arena, sizeof *added);
    if (added == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc = kh_arena_copy_text(set->arena, key, &added->key);
    if (rc == KH_OK && facts.length > 0) {
        added->known = true;
        rc = kh_store_facts_decode(facts, set->arena, &added->facts);
    }
    if (rc == KH_OK) {
        RB_INSERT(bases_tree, &set->bases, added);
        *out = added;
    }
    return rc;
}

static kh_rc store_basis(void *self, kh_text key, const kh_facts **out)
{
    kh_working_set *set = self;
    entry *own = find(set, key);
    if (own != NULL) { /* of this lane: as this batch has left it */
        *out = &own->subject.facts;
        return KH_OK;
    }
    basis wanted = {.key = key};
    basis *found = RB_FIND(bases_tree, &set->bases, &wanted);
    if (found == NULL) {
        kh_text facts = {"", 0};
        kh_rc rc = set->source->read_basis(set->source->self, key, &facts);
        rc = rc == KH_OK ? add_basis(set, key, facts, &found) : rc;
        if (rc != KH_OK) {
            return rc;
        }
    }
    *out = found->known ? &found->facts : NULL;
    return KH_OK;
}

static kh_rc read_dependents(kh_working_set *set, kh_text key)
{
    kh_stored_subject *rows = NULL;
    size_t count = 0;
    kh_rc rc = set->source->read_dependents(set->source->self, key, &rows, &count);
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        rc = kh_working_set_add(set, &rows[i]);
    }
    return rc;
}

static kh_rc store_dependents(void *self, kh_text key, kh_subject *const **out, uint32_t *count)
{
    kh_working_set *set = self;
    entry *of = NULL;
    kh_rc rc = find_or_read(set, key, &of);
    if (rc == KH_OK && !of->dependents_read) {
        rc = read_dependents(set, key);
        of->dependents_read = true;
    }
    if (rc != KH_OK) {
        return rc;
    }
    entry first = {.filed_basis = key};
    uint32_t found = 0;
    entry *start = RB_NFIND(basis_tree, &set->derived, &first);
    for (entry *e = start; e != NULL && kh_text_equal(e->filed_basis, key); e = RB_NEXT(basis_tree, &set->derived, e)) {
        found++;
    }
    kh_subject **list = kh_arena_allocate_raw(set->arena, found * sizeof *list);
    if (list == NULL) {
        return KH_E_MEMORY;
    }
    entry *next = start;
    for (uint32_t i = 0; i < found; i++, next = RB_NEXT(basis_tree, &set->derived, next)) {
        list[i] = &next->subject;
    }
    *out = list;
    *count = found;
    return KH_OK;
}

static kh_rc read_due(kh_working_set *set, kh_instant until)
{
    kh_stored_subject *rows = NULL;
    size_t count = 0;
    kh_instant after = set->due_read ? set->due_until : KH_INSTANT_NONE;
    set->due_until = until > set->due_until ? until : set->due_until;
    set->due_read = true;
    /* One more than may be decided, and one for each row that is held already and may not be due any more: so when rows
     * are left out, something due is still seen after the last decision, and the clock does not pass it. */
    size_t limit = set->due_limit + set->held + 1;
    kh_rc rc = set->source->read_due(set->source->self, after, set->due_until, limit, &rows, &count);
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        rc = kh_working_set_add(set, &rows[i]);
    }
    return rc;
}

static kh_rc store_due(void *self, kh_instant until, kh_subject **out)
{
    kh_working_set *set = self;
    *out = NULL;
    if (!set->due_read || until > set->due_until) {
        kh_rc rc = read_due(set, until);
        if (rc != KH_OK) {
            return rc;
        }
    }
    entry *first = RB_MIN(due_tree, &set->due);
    if (first != NULL && first->filed_due <= until) {
        *out = &first->subject;
    }
    return KH_OK;
}

static kh_rc store_decided(void *self, kh_subject *subject)
{
    entry *of = (entry *)((char *)subject - offsetof(entry, subject));
    file(self, of);
    return KH_OK;
}

kh_working_set *kh_working_set_new(kh_arena *arena, const kh_rule_book *book, const kh_subject_source *source,
                                   kh_instant due_until, uint32_t due_limit)
{
    kh_working_set *set = kh_arena_allocate(arena, sizeof *set);
    if (set == NULL) {
        return NULL;
    }
    set->store = (kh_store){set, store_subject, store_basis, store_dependents, store_due, store_decided};
    set->arena = arena;
    set->book = book;
    set->source = source;
    set->due_until = due_until;
    set->due_limit = due_limit;
    return set;
}

const kh_store *kh_working_set_store(const kh_working_set *set)
{
    return &set->store;
}

kh_rc kh_working_set_add(kh_working_set *set, const kh_stored_subject *row)
{
    entry *added = find(set, row->key);
    return added != NULL ? KH_OK : add(set, row, &added);
}

kh_rc kh_working_set_has_dependents(kh_working_set *set, kh_text key)
{
    entry *of = NULL;
    kh_rc rc = find_or_read(set, key, &of);
    if (rc == KH_OK) {
        of->dependents_read = true;
    }
    return rc;
}

kh_rc kh_working_set_add_basis(kh_working_set *set, kh_text key, kh_text facts)
{
    basis wanted = {.key = key};
    basis *added = RB_FIND(bases_tree, &set->bases, &wanted);
    return added != NULL ? KH_OK : add_basis(set, key, facts, &added);
}

kh_rc kh_working_set_write(kh_working_set *set, kh_rc (*write)(void *self, kh_subject *subject, bool known), void *self)
{
    kh_rc rc = KH_OK;
    entry *e = NULL;
    RB_FOREACH(e, key_tree, &set->keys)
    {
        if (!e->subject.changed) {
            continue;
        }
        rc = write(self, &e->subject, e->known);
        if (rc != KH_OK) {
            break;
        }
    }
    return rc;
}
