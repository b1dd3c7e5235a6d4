/* What the actions of `rules` have in common. Private to command_rules.c and the files named after its actions. */
#ifndef KH_CLI_RULES_COMMAND_H
#define KH_CLI_RULES_COMMAND_H

#include "app/reach.h"
#include "cli/command.h"
#include "cli/messages.h"

typedef struct kh_rules_command {
    kh_common common;
    kh_configuration configuration;
    kh_database *database;
    kh_arena arena; /*!< what comes from the database, or is printed */
    const char *by;
    kh_language language;
    bool json;
    kh_instant at; /*!< preview; KH_INSTANT_NONE: now */
    kh_day from;   /*!< preview; KH_DAY_NONE: the date at `at` */
    int64_t limit; /*!< preview: how many changes are listed; 0: all, below 0: as many as is usual */
} kh_rules_command;

/*! Reads one file of any of the three kinds; what is wrong is added to the problems.
 *  \retval KH_OK, KH_E_CONFIGURATION, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_rules_command_read(kh_rules_command *of, const char *path, kh_rule_file *out);

/*! Reads several, so that all that is wrong is said at once; two of one id are wrong.
 *  \param out  as many, in the arena of the configuration. \retval as kh_rules_command_read */
KH_MUSTCHECK kh_rc kh_rules_command_read_all(kh_rules_command *of, int count, char **paths, kh_rule_file **out);

/*! `rules diff A B`. \return a kh_exit */
int kh_rules_diff(kh_rules_command *of, int count, char **names);

/*! `rules preview FILE...`. \return a kh_exit */
int kh_rules_preview(kh_rules_command *command, int count, char **paths);

#endif
