/* Obligations as iCalendar (RFC 5545), for the calendar on a desk: an all-day event on the last day in time, since desk
 * calendars show events, and many of them no to-dos. The same obligations give the same bytes. */
#ifndef KH_CLI_CALENDAR_TEXT_H
#define KH_CLI_CALENDAR_TEXT_H

#include "app/obligation_case.h"
#include "cli/messages.h"

/*! A content line: name, colon, value, folded after 75 octets but never within a character, CRLF.
 *  \param name     with its parameters, "DTSTART;VALUE=DATE".
 *  \param is_text  the value is a TEXT: its backslashes, semicolons, commas and line feeds are escaped, and control
 *                  characters, which no text may hold, become blanks.
 *  \return in the arena; empty when memory is out (then kh_arena_failed). */
kh_text kh_calendar_line(kh_arena *arena, const char *name, kh_text value, bool is_text);

/*! What comes before the events. \param participant  whose calendar it is; empty: everybody's. As kh_calendar_line. */
kh_text kh_calendar_begin(kh_language language, kh_text participant, kh_arena *arena);

/*! One event. Its UID is that of the obligation for ever, SEQUENCE its version, DTSTAMP the instant that it was decided
 *  for; CLASS is CONFIDENTIAL (Art 6).
 *  \param of  dated. As kh_calendar_line. */
kh_text kh_calendar_event(kh_language language, const kh_obligation_case *of, kh_arena *arena);

/*! What comes behind them. Static storage. */
kh_text kh_calendar_end(void);

#endif
