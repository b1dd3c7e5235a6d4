/* A table for people (libsmartcols), printed as it is filled: memory is bounded, however many lines there are. */
#ifndef KH_CLI_TABLE_H
#define KH_CLI_TABLE_H

#include <stdio.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

typedef struct kh_table kh_table;

typedef struct kh_table_column {
    const char *name;
    bool right; /*!< numbers */
} kh_table_column;

#define KH_TABLE_COLUMNS_MOST 12

/*! Lines that decide how wide the columns are; a later cell that is wider moves those behind it in its part only. */
#define KH_TABLE_PART 500

/*! \param columns  must outlive the table; at most KH_TABLE_COLUMNS_MOST.
 *  \param out      pairs with kh_table_free; untouched unless KH_OK. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_table_new(FILE *to, const kh_table_column *columns, size_t count, kh_table **out);

/*! Adds a line of as many cells as there are columns. Control characters are shown as escapes.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_LOST (cannot be written) */
KH_MUSTCHECK kh_rc kh_table_add(kh_table *table, const kh_text *cells);

/*! Prints what is not yet printed; nothing at all if there was no line. \retval as kh_table_add. */
KH_MUSTCHECK kh_rc kh_table_finish(kh_table *table);

/*! NULL is fine. */
void kh_table_free(kh_table *table);

#endif
