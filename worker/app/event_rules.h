/* How events are read, from the settings. */
#ifndef KH_APP_EVENT_RULES_H
#define KH_APP_EVENT_RULES_H

#include "codec/event_reader.h"
#include "config/configuration.h"

/*! \param book   borrowed. \param arena  holds the list of topic owners.
 *  \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_event_rules_init(const kh_settings *settings, const kh_rule_book *book, kh_arena *arena,
                                       kh_event_rules *out);

#endif
