#include "cli/table.h"

#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>

struct kh_table {
    struct libscols_table *scols;
    FILE *to;
    size_t column_count;
    size_t lines; /* in this part */
    bool begun;   /* a part has been printed */
};

kh_rc kh_table_new(FILE *to, const kh_table_column *columns, size_t count, kh_table **out)
{
    kh_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return KH_E_MEMORY;
    }
    /* Widths are counted in characters; everything here is UTF-8, whatever the terminal's owner has set. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        (void)setlocale(LC_CTYPE, "");
    }
    table->to = to;
    table->column_count = count;
    table->scols = scols_new_table();
    if (table->scols == NULL) {
        goto failed;
    }
    (void)scols_table_set_stream(table->scols, to);
    for (size_t i = 0; i < count; i++) {
        int flags = columns[i].right ? SCOLS_FL_RIGHT : 0;
        if (scols_table_new_column(table->scols, columns[i].name, 0, flags) == NULL) {
            goto failed;
        }
    }
    *out = table;
    return KH_OK;
failed:
    kh_table_free(table);
    return KH_E_MEMORY;
}

/* The columns stay as wide as they were, and are not named again. */
static void keep_widths(kh_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        struct libscols_column *column = scols_table_get_column(table->scols, i);
        (void)scols_column_set_whint(column, (double)scols_column_get_width(column));
        (void)scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_STRICTWIDTH);
    }
    (void)scols_table_enable_noheadings(table->scols, 1);
}

static kh_rc print_part(kh_table *table)
{
    if (scols_print_table(table->scols) != 0 || ferror(table->to) != 0) {
        return KH_E_LOST;
    }
    if (!table->begun) {
        table->begun = true;
        keep_widths(table);
    }
    scols_table_remove_lines(table->scols);
    table->lines = 0;
    return KH_OK;
}

kh_rc kh_table_add(kh_table *table, const kh_text *cells)
{
    struct libscols_line *line = scols_table_new_line(table->scols, NULL);
    if (line == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        char *data = strndup(cells[i].length == 0 ? "" : cells[i].data, cells[i].length);
        if (data == NULL || scols_line_refer_data(line, i, data) != 0) {
            free(data);
            return KH_E_MEMORY;
        }
    }
    table->lines++;
    return table->lines == KH_TABLE_PART ? print_part(table) : KH_OK;
}

kh_rc kh_table_finish(kh_table *table)
{
    return table->lines == 0 ? KH_OK : print_part(table);
}

void kh_table_free(kh_table *table)
{
    if (table != NULL) {
        scols_unref_table(table->scols);
        free(table);
    }
}
