#include "cli/command.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/heap.h"

void kh_common_init(kh_common *common, const kh_command *command)
{
    *common = (kh_common){.command = command, .config = getenv("KAKEHASHI_CONFIG")};
    if (common->config == NULL || common->config[0] == '\0') {
        common->config = KH_DEFAULT_CONFIG;
    }
    kh_arena_init(&common->arena, 65536, kh_heap());
    kh_problems_init(&common->problems, &common->arena);
    optind = 0; /* getopt starts over, with its own messages as they are */
}

void kh_common_deinit(kh_common *common)
{
    kh_arena_deinit(&common->arena);
}

int kh_usage(const kh_command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "kakehashi %s: ", command->name);
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\nTry: kakehashi %s --help\n", command->name);
    va_end(arguments);
    return KH_EXIT_USAGE;
}

bool kh_common_option(kh_common *common, int option, int *status)
{
    *status = KH_EXIT_OK;
    switch (option) {
    case 'c':
        common->config = optarg;
        return false;
    case 's':
        if (common->override_count == KH_OVERRIDES_MAX) {
            *status = kh_usage(common->command, "more than %d --set; put them into a settings file", KH_OVERRIDES_MAX);
            return true;
        }
        common->overrides[common->override_count++] = optarg;
        return false;
    case 'h':
        (void)printf("kakehashi %s: %s\n\n%s", common->command->name, common->command->summary, common->command->help);
        return true;
    default: /* getopt has said what is wrong */
        (void)fprintf(stderr, "Try: kakehashi %s --help\n", common->command->name);
        *status = KH_EXIT_USAGE;
        return true;
    }
}

bool kh_common_options(kh_common *common, const struct option *options, int argc, char **argv, kh_take_option *take,
                       void *self, int *status)
{
    int option = 0;
    *status = KH_EXIT_OK;
    while ((option = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
        bool own = take != NULL && take(self, option, status);
        if (*status != KH_EXIT_OK || (!own && kh_common_option(common, option, status))) {
            return false;
        }
    }
    return true;
}

int kh_common_instant(const kh_common *common, const char *option, kh_instant *out)
{
    return kh_instant_parse(kh_text_of(optarg), out)
               ? KH_EXIT_OK
               : kh_usage(common->command, "%s %s: not an instant like 2026-06-01T00:00:00Z", option, optarg);
}

int kh_common_language(const kh_common *common, kh_language *out)
{
    return kh_language_parse(optarg, out) ? KH_EXIT_OK
                                          : kh_usage(common->command, "--language %s: it is `en` or `ja`", optarg);
}

int kh_common_choice(const kh_common *common, const char *option, const char *first, const char *second,
                     bool *is_second)
{
    bool chosen = strcmp(optarg, second) == 0;
    if (!chosen && strcmp(optarg, first) != 0) {
        return kh_usage(common->command, "%s %s: it is `%s` or `%s`", option, optarg, first, second);
    }
    *is_second = chosen;
    return KH_EXIT_OK;
}

const char *kh_login_name(char *buffer, size_t size)
{
    const struct passwd *entry = NULL;
    if (getlogin_r(buffer, size) == 0 && buffer[0] != '\0') {
        return buffer;
    }
    entry = getpwuid(getuid());
    return entry == NULL ? "unknown" : entry->pw_name;
}

int kh_common_report(const kh_common *common, kh_rc rc)
{
    for (const kh_problem *problem = common->problems.first; problem != NULL; problem = problem->next) {
        (void)fprintf(stderr, "%.*s\n", KH_TEXT_ARGS(problem->text));
    }
    if (common->problems.count > KH_PROBLEMS_KEPT) {
        (void)fprintf(stderr, "and %u more\n", common->problems.count - KH_PROBLEMS_KEPT);
    }
    if (rc == KH_OK) {
        return KH_EXIT_OK;
    }
    if (rc == KH_E_MEMORY) {
        (void)fprintf(stderr, "kakehashi: out of memory\n");
        return KH_EXIT_FAILED;
    }
    return rc == KH_E_CONFIGURATION ? KH_EXIT_CONFIGURATION : KH_EXIT_FAILED;
}

int kh_common_load(kh_common *common, unsigned needs, kh_configuration *out)
{
    kh_rc rc = kh_configuration_load(common->config, common->overrides, common->override_count, &common->problems, out);
    if (rc == KH_OK && needs != 0) {
        rc = kh_settings_require(&out->settings, needs, &common->problems);
    }
    return kh_common_report(common, rc);
}

int kh_exit_of(kh_exit_reason reason)
{
    switch (reason) {
    case KH_ENDED_WELL:
        return KH_EXIT_OK;
    case KH_ENDED_CONFIGURATION:
        return KH_EXIT_CONFIGURATION;
    case KH_ENDED_REWOUND:
        return KH_EXIT_REWOUND;
    case KH_ENDED_GIVEN_UP:
    case KH_ENDED_FAILED:
        break;
    }
    return KH_EXIT_FAILED;
}
