/* All configuration files read and checked together. */
#ifndef KH_CONFIG_CONFIGURATION_H
#define KH_CONFIG_CONFIGURATION_H

#include "config/rule_file.h"
#include "config/settings.h"

typedef struct kh_configuration {
    kh_settings settings;
    kh_rule_book book;
    const kh_rule_file
        *files; /*!< rule packs, policies, calendars, in the order of the settings, each with its bytes */
    uint32_t file_count;
} kh_configuration;

/*! Reads the settings and every file that they name.
 *  \param path, overrides  as kh_settings_read.
 *  \param problems         gets all problems of all files at once; everything is in its arena.
 *  \param out              usable only with KH_OK.
 *  \retval KH_OK; KH_E_CONFIGURATION; KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_configuration_load(const char *path, const char *const *overrides, uint32_t override_count,
                                         kh_problems *problems, kh_configuration *out);

/*! Checks that the settings have one source topic for each participant of the book, and no other. For books from
 * elsewhere (the database); kh_configuration_load has done it for its own. \retval KH_OK; KH_E_CONFIGURATION with the
 * problems added; KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_configuration_check_topics(const kh_settings *settings, const kh_rule_book *book,
                                                 kh_problems *problems);

#endif
