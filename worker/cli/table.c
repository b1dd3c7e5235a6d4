#include "cli/table.h"

#include <assert.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>

struct kh_table {
    struct libscols_table *scols;
    FILE *to;
    size_t column_count;
    size_t lines; /* in this part */
    bool begun;   /* a part has been printed: the first line is the ruler */
    char *ruler[KH_TABLE_COLUMNS_MOST];
};

kh_rc kh_table_new(FILE *to, const kh_table_column *columns, size_t count, kh_table **out)
{
    kh_table *table = calloc(1, sizeof *table);
    assert(count <= KH_TABLE_COLUMNS_MOST);
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

/* As wide as the columns were: a line of these, which is never printed, keeps later parts like the first. */
static kh_rc measure(kh_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        size_t width = scols_column_get_width(scols_table_get_column(table->scols, i));
        table->ruler[i] = calloc(1, width + 1);
        if (table->ruler[i] == NULL) {
            return KH_E_MEMORY;
        }
        memset(table->ruler[i], '-', width);
    }
    (void)scols_table_enable_noheadings(table->scols, 1);
    table->begun = true;
    return KH_OK;
}

static kh_rc begin_part(kh_table *table)
{
    kh_rc rc = table->begun ? KH_OK : measure(table);
    scols_table_remove_lines(table->scols);
    table->lines = 0;
    struct libscols_line *line = scols_table_new_line(table->scols, NULL);
    for (size_t i = 0; rc == KH_OK && i < table->column_count; i++) {
        rc = line == NULL || scols_line_set_data(line, i, table->ruler[i]) != 0 ? KH_E_MEMORY : KH_OK;
    }
    return rc;
}

static kh_rc print_part(kh_table *table)
{
    int failed = 0;
    if (!table->begun) {
        failed = scols_print_table(table->scols);
    } else {
        size_t last = scols_table_get_nlines(table->scols) - 1;
        failed = scols_table_print_range(table->scols, scols_table_get_line(table->scols, 1),
                                         scols_table_get_line(table->scols, last));
        failed = failed != 0 ? failed : fputc('\n', table->to) == EOF;
    }
    return failed != 0 || ferror(table->to) != 0 ? KH_E_LOST : begin_part(table);
}

kh_rc kh_table_add(kh_table *table, const kh_text *cells)
{
    struct libscols_line *line = scols_table_new_line(table->scols, NULL);
    if (line == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        char *data = strndup(cells[i].length == 0 ? "" : cells[i].data, cells[i].length);
        int failed = data == NULL || scols_line_set_data(line, i, data) != 0;
        free(data);
        if (failed) {
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
        for (size_t i = 0; i < table->column_count; i++) {
            free(table->ruler[i]);
        }
        free(table);
    }
}
