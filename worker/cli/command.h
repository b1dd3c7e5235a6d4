/* The command table, and what every command needs. */
#ifndef KH_CLI_COMMAND_H
#define KH_CLI_COMMAND_H

#include <getopt.h>

#include "app/worker.h"
#include "cli/messages.h"
#include "config/configuration.h"

/*! How a command ends; in README and --help. */
typedef enum kh_exit {
    KH_EXIT_OK = 0,
    KH_EXIT_FAILED = 1,        /*!< what was asked for failed, or was found not to be so */
    KH_EXIT_USAGE = 2,         /*!< wrong usage */
    KH_EXIT_CONFIGURATION = 3, /*!< settings, rule files, topics or schema are not as they must be */
    KH_EXIT_REWOUND = 4,       /*!< database or topics went back in time: a person must decide */
    KH_EXIT_STUCK = 5          /*!< the watchdog ended a worker that made no progress */
} kh_exit;

typedef struct kh_command {
    const char *name;
    const char *summary; /*!< one line */
    const char *help;    /*!< what --help prints behind the summary */
    /*! \param argv  argv[0] is the command's name; getopt is reset. \return a kh_exit. */
    int (*run)(const struct kh_command *command, int argc, char **argv);
} kh_command;

extern const kh_command kh_command_check_config;
extern const kh_command kh_command_dead_letters;
extern const kh_command kh_command_decide;
extern const kh_command kh_command_explain;
extern const kh_command kh_command_history;
extern const kh_command kh_command_list;
extern const kh_command kh_command_migrate;
extern const kh_command kh_command_obligations;
extern const kh_command kh_command_publish;
extern const kh_command kh_command_replay;
extern const kh_command kh_command_rules;
extern const kh_command kh_command_run;
extern const kh_command kh_command_show;
extern const kh_command kh_command_status;
extern const kh_command kh_command_topics;
extern const kh_command kh_command_verify;

/* ---- options that every command has: --config, --set, --help ---- */

#define KH_OVERRIDES_MAX 64

typedef struct kh_common {
    const kh_command *command;
    const char *config;
    const char *overrides[KH_OVERRIDES_MAX];
    uint32_t override_count;
    kh_arena arena; /*!< holds the configuration */
    kh_problems problems;
} kh_common;

/*! Long options of every command; a command's own come before it in its table. */
#define KH_COMMON_OPTIONS                                                                                              \
    {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, \
    {                                                                                                                  \
        NULL, 0, NULL, 0                                                                                               \
    }

/*! Text about them for a command's help. */
#define KH_COMMON_HELP                                                                                                 \
    "  -c, --config FILE    settings file; otherwise $KAKEHASHI_CONFIG, otherwise " KH_DEFAULT_CONFIG "\n"             \
    "  -s, --set KEY=VALUE  a setting instead of the file's (repeatable), e.g. kafka.brokers=localhost:9092\n"         \
    "  -h, --help           this text\n"

/*! Pairs with kh_common_deinit. */
void kh_common_init(kh_common *common, const kh_command *command);
void kh_common_deinit(kh_common *common);

/*! Handles what getopt_long returned if it is one of the common options.
 *  \param status  set when the command is to end with it (help, wrong usage).
 *  \return whether the command is to end. */
bool kh_common_option(kh_common *common, int option, int *status);

/*! One of a command's own options, its argument in optarg.
 *  \return false if it is none of them. \param status  KH_EXIT_OK before; anything else ends the command. */
typedef bool kh_take_option(void *self, int option, int *status);

/*! Reads all options; those behind stand from optind on.
 *  \param options  the command's own, then KH_COMMON_OPTIONS.
 *  \param take     may be NULL: it has none of its own.
 *  \param status   what the command is to end with (help, wrong usage), if so.
 *  \return whether the command goes on. */
KH_MUSTCHECK bool kh_common_options(kh_common *common, const struct option *options, int argc, char **argv,
                                    kh_take_option *take, void *self, int *status);

/*! An option that is one of two words, as --output is; reads optarg.
 *  \param is_second  untouched unless KH_EXIT_OK. \return KH_EXIT_OK, or KH_EXIT_USAGE after saying so. */
KH_MUSTCHECK int kh_common_choice(const kh_common *common, const char *option, const char *first, const char *second,
                                  bool *is_second);

/*! An option that is an instant; reads optarg. \return KH_EXIT_OK, or KH_EXIT_USAGE after saying so. */
KH_MUSTCHECK int kh_common_instant(const kh_common *common, const char *option, kh_instant *out);

/*! --language; reads optarg. \return KH_EXIT_OK, or KH_EXIT_USAGE after saying so. */
KH_MUSTCHECK int kh_common_language(const kh_common *common, kh_language *out);

/*! Says on standard error what is wrong with the usage. \return KH_EXIT_USAGE. */
int kh_usage(const kh_command *command, const char *format, ...) KH_PRINTF(2, 3);

/*! Reads settings and rule files; prints all problems on standard error.
 *  \param needs   kh_settings_need values, added up.
 *  \return KH_EXIT_OK, or what to end with. */
KH_MUSTCHECK int kh_common_load(kh_common *common, unsigned needs, kh_configuration *out);

/*! The person at the terminal, not the account that a script switched to.
 *  \param buffer  at least 256 bytes; what is returned may lie in it, or in static storage. */
const char *kh_login_name(char *buffer, size_t size);

/*! Prints what is in common->problems. \return what to end with for \a rc. */
int kh_common_report(const kh_common *common, kh_rc rc);

/*! \return what to end with when a worker's loop ended so. */
int kh_exit_of(kh_exit_reason reason);

#endif
