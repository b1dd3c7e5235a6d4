/* Text tables of cases, in tests/cases/: what is known, and what must follow from it. A lawyer can read and extend
 * them.
 *
 *     case a suspension ends by itself never
 *       label SG/1                                   the label of the case; needed for all but the yearly consultation
 *       policy notice_scope=ALL_LABELS               readings that differ from the default
 *       SG issued valid=2026-01-01..2027-12-31       statements: see history.h
 *       SG suspended from=2026-08-01
 *       => LABEL_NOT_VALID because=SUSPENDED(3.2) at 2026-08-01@SG
 *
 * A row begins with "=>": what is expected, then the instant (see kh_test_instant_parse). A row sees the statements
 * above it, read in their order and in the opposite one. It begins with
 *
 *     an outcome      the status; keys: because public level as consultation grounds basis since next public-since
 *                     public-next pack product valid open
 *     residual        then every row, CITATION=EQUIVALENCE:NEED, or DOCUMENT=NEED_TRANSLATION; "none"
 *     notice, consultation, yearly
 *                     then the obligation's state, or "none"; keys: arose due earliest provisional discharged late
 *                     confirmed by towards article
 *
 * "-" says that there is no such thing. A key that is left out is not looked at. A line that is indented by eight
 * spaces or more goes on with the line before it; "#" begins a comment line. */
#ifndef KH_TEST_CASE_TABLE_H
#define KH_TEST_CASE_TABLE_H

/*! Runs every case of a file; fails the test with each file, line and difference found, or when it holds no row.
 *  \param path  below the source tree. */
void kh_test_case_table(const char *path);

/*! Runs every case of a file and prints what it finds. \return how many lines are wrong. */
unsigned kh_test_case_table_failures(const char *path, unsigned *rows);

#endif
