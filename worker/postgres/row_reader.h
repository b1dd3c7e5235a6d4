/* Results of the statements as rows: one place that knows the order of columns. Private to this room. */
#ifndef KH_POSTGRES_ROW_READER_H
#define KH_POSTGRES_ROW_READER_H

#include "postgres/connection.h"
#include "postgres/rows.h"

/* Each reads the reader's current row into the row type that it names; failures stay in the reader. */
void kh_row_read_lane(kh_sql_reader *reader, void *out);
#define KH_ROW_LANE_COLUMNS 12
void kh_row_read_lane_offset(kh_sql_reader *reader, void *out);
void kh_row_read_subject(kh_sql_reader *reader, void *out);
#define KH_ROW_SUBJECT_COLUMNS 9
void kh_row_read_dependent(kh_sql_reader *reader, void *out);
void kh_row_read_wakeup(kh_sql_reader *reader, void *out);
void kh_row_read_result(kh_sql_reader *reader, void *out);
void kh_row_read_obligation(kh_sql_reader *reader, void *out);
#define KH_ROW_OBLIGATION_COLUMNS 17
void kh_row_read_dead_letter(kh_sql_reader *reader, void *out);
#define KH_ROW_DEAD_LETTER_COLUMNS 11
void kh_row_read_rule_file(kh_sql_reader *reader, void *out);

/*! All rows of a result into an array in the arena; an empty one is NULL.
 *  \param read  one of the above. \param size  of its row.
 *  \retval KH_OK, KH_E_MEMORY or KH_E_CONFIGURATION; then \a count is 0. */
typedef void (*kh_row_read)(kh_sql_reader *reader, void *out);
KH_MUSTCHECK kh_rc kh_rows_read(kh_database *database, const PGresult *result, kh_arena *arena, kh_row_read read,
                                size_t size, void *out, size_t *count);

/*! Runs a statement with the parameters begun last and reads all of its rows, as kh_rows_read does. */
KH_MUSTCHECK kh_rc kh_rows_run(kh_database *database, kh_sql_statement statement, kh_arena *arena, kh_row_read read,
                               size_t size, void *out, size_t *count);

#endif
