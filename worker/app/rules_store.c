#include "app/rules_store.h"

_Static_assert((int)KH_STORED_PACK == (int)KH_RULE_FILE_PACK, "kinds have the same numbers in file and database");
_Static_assert((int)KH_STORED_POLICY == (int)KH_RULE_FILE_POLICIES, "kinds");
_Static_assert((int)KH_STORED_CALENDAR == (int)KH_RULE_FILE_CALENDAR, "kinds");

const char *kh_rules_store_kind_name(kh_stored_file_kind kind)
{
    return kh_rule_file_kind_name((kh_rule_file_kind)kind);
}

kh_rc kh_rules_store_rows(kh_database *database, kh_arena *arena, kh_rule_file_row **out, size_t *count)
{
    return kh_rules_read(database, arena, out, count);
}

/* What messages call a file that is no file any more: "the database's rule-pack jp-sg-1". */
static const char *stored_name(const kh_rule_file_row *row, kh_arena *arena)
{
    return kh_arena_print(arena, "the database's %s %.*s", kh_rules_store_kind_name(row->kind), KH_TEXT_ARGS(row->id))
        .data;
}

static kh_rc read_rows(const kh_rule_file_row *rows, size_t row_count, kh_arena *arena, kh_problems *problems,
                       kh_rule_file **out, uint32_t *count)
{
    kh_rc rc = KH_OK;
    kh_rule_file *files = kh_arena_allocate_array(arena, row_count, sizeof *files);
    if (files == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < row_count; i++) {
        const char *name = stored_name(&rows[i], arena);
        kh_rc read = name == NULL ? KH_E_MEMORY : kh_rule_file_read(name, rows[i].bytes, problems, &files[i]);
        if (read == KH_E_MEMORY) {
            return read;
        }
        rc = rc == KH_OK ? read : rc; /* the problems of the other files are worth knowing too */
    }
    *out = files;
    *count = (uint32_t)row_count;
    return rc;
}

kh_rc kh_rules_store_read_files(kh_database *database, kh_arena *arena, kh_problems *problems, kh_rule_file **out,
                                uint32_t *count)
{
    kh_rule_file_row *rows = NULL;
    size_t row_count = 0;
    kh_rc rc = kh_rules_read(database, arena, &rows, &row_count);
    return rc == KH_OK ? read_rows(rows, row_count, arena, problems, out, count) : rc;
}

static kh_rc build(const kh_rule_file *files, uint32_t count, kh_problems *problems, kh_rule_book *out)
{
    if (count == 0) {
        kh_problems_add(problems, (kh_place){"the database", 0, 0}, KH_TEXT(""),
                        "holds no rule pack; load them with: kakehashi rules load FILE...");
        return KH_E_CONFIGURATION;
    }
    return kh_rule_book_build(files, count, problems, out);
}

kh_rc kh_rules_store_read(kh_database *database, kh_arena *arena, kh_problems *problems, kh_rule_book *out)
{
    kh_rule_file *files = NULL;
    uint32_t count = 0;
    kh_rc rc = kh_rules_store_read_files(database, arena, problems, &files, &count);
    return rc == KH_OK ? build(files, count, problems, out) : rc;
}

kh_rc kh_rules_store_read_as_of(kh_database *database, kh_instant at, kh_arena *arena, kh_problems *problems,
                                kh_rule_book *out)
{
    kh_rule_file_row *rows = NULL;
    size_t row_count = 0;
    kh_rule_file *files = NULL;
    uint32_t count = 0;
    kh_rc rc = kh_rules_read_as_of(database, at, arena, &rows, &row_count);
    if (rc == KH_OK) {
        rc = read_rows(rows, row_count, arena, problems, &files, &count);
    }
    return rc == KH_OK ? build(files, count, problems, out) : rc;
}

/* What a stored file is called by: there is one set of policies for each arrangement, whatever its own id. */
static kh_text stored_id(const kh_rule_file *file)
{
    return file->kind == KH_RULE_FILE_POLICIES ? file->arrangement : file->id;
}

static bool same_file(const kh_rule_file *a, const kh_rule_file *b)
{
    return a->kind == b->kind && kh_text_equal(stored_id(a), stored_id(b));
}

/* Whether a file takes the place of one that stands. A rule pack is never replaced: two of one id are kept, for the
 * check to say so, unless they are the same bytes. */
static bool replaces(const kh_rule_file *file, const kh_rule_file *standing)
{
    return same_file(file, standing) &&
           (file->kind != KH_RULE_FILE_PACK || kh_text_equal(file->sha256, standing->sha256));
}

static bool is_first_pack(const kh_rule_file *file)
{
    return file->kind == KH_RULE_FILE_PACK && !file->is.pack.amends;
}

/* The same where it is only tried what would be: a draft may have the id of what it is a draft of. */
static bool would_replace(const kh_rule_file *file, const kh_rule_file *standing)
{
    return same_file(file, standing) ||
           (is_first_pack(file) && is_first_pack(standing) && kh_text_equal(file->arrangement, standing->arrangement));
}

/* What will stand: the new files, and those of the old ones that none of them takes the place of. */
static uint32_t unite(const kh_rule_file *old, uint32_t old_count, const kh_rule_file *new, uint32_t new_count,
                      bool (*takes_place)(const kh_rule_file *file, const kh_rule_file *standing), kh_rule_file *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        bool replaced = false;
        for (uint32_t j = 0; j < new_count && !replaced; j++) {
            replaced = takes_place(&new[j], &old[i]);
        }
        if (!replaced) {
            out[count++] = old[i];
        }
    }
    if (new_count > 0) {
        memcpy(&out[count], new, new_count * sizeof *new);
    }
    return count + new_count;
}

kh_rc kh_rules_store_replace(const kh_rule_file *standing, uint32_t standing_count, const kh_rule_file *files,
                             uint32_t file_count, kh_arena *arena, kh_rule_file **out, uint32_t *count)
{
    kh_rule_file *all = kh_arena_allocate_array(arena, (size_t)standing_count + file_count, sizeof *all);
    if (all == NULL) {
        return KH_E_MEMORY;
    }
    *count = unite(standing, standing_count, files, file_count, would_replace, all);
    *out = all;
    return KH_OK;
}

static kh_rc build_union(kh_database *database, const kh_rule_file *files, uint32_t count,
                         bool (*takes_place)(const kh_rule_file *file, const kh_rule_file *standing), kh_arena *arena,
                         kh_problems *problems, kh_rule_book *out)
{
    kh_rule_file *standing = NULL;
    uint32_t standing_count = 0;
    kh_rc rc = kh_rules_store_read_files(database, arena, problems, &standing, &standing_count);
    if (rc != KH_OK) {
        return rc;
    }
    kh_rule_file *all = kh_arena_allocate_array(arena, (size_t)standing_count + count, sizeof *all);
    if (all == NULL) {
        return KH_E_MEMORY;
    }
    return kh_rule_book_build(all, unite(standing, standing_count, files, count, takes_place, all), problems, out);
}

kh_rc kh_rules_store_read_with(kh_database *database, const kh_rule_file *files, uint32_t count, kh_arena *arena,
                               kh_problems *problems, kh_rule_book *out)
{
    return build_union(database, files, count, would_replace, arena, problems, out);
}

kh_rule_file_row kh_rules_store_row(const kh_rule_file *file, kh_text loaded_by)
{
    return (kh_rule_file_row){
        .kind = (kh_stored_file_kind)file->kind,
        .digest = file->sha256,
        .id = stored_id(file),
        .arrangement = file->arrangement,
        .bytes = file->bytes,
        .loaded_by = loaded_by,
    };
}

kh_rc kh_rules_store_load(kh_database *database, const kh_rule_file *files, uint32_t count, kh_text loaded_by,
                          kh_arena *arena, kh_problems *problems, size_t *added)
{
    kh_rule_book book;
    kh_rc rc = build_union(database, files, count, replaces, arena, problems, &book);
    if (rc != KH_OK) {
        return rc;
    }
    kh_rule_file_row *rows = kh_arena_allocate_array(arena, count, sizeof *rows);
    if (rows == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = kh_rules_store_row(&files[i], loaded_by);
    }
    return kh_rules_load(database, rows, count, KH_TEXT(""), added);
}
