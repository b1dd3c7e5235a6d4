/* migrate: creates or upgrades the schema. */
#include <stdio.h>

#include "app/reach.h"
#include "cli/command.h"

static int migrate(kh_common *common, const char *worker_role)
{
    kh_configuration configuration;
    int before = 0;
    int after = 0;
    int status = kh_common_load(common, KH_NEEDS_DATABASE, &configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = kh_reach_migrate(&configuration.settings, worker_role, &common->problems, &before, &after);
    if (rc == KH_OK) {
        kh_text schema = configuration.settings.database.schema;
        if (before == after) {
            (void)printf("schema \"%.*s\" is at version %d already: nothing to do\n", KH_TEXT_ARGS(schema), after);
        } else if (before == 0) {
            (void)printf("schema \"%.*s\": made, at version %d\n", KH_TEXT_ARGS(schema), after);
        } else {
            (void)printf("schema \"%.*s\": from version %d to version %d\n", KH_TEXT_ARGS(schema), before, after);
        }
        if (worker_role != NULL) {
            (void)printf("role \"%s\" may do what `kakehashi run` needs, and no more\n", worker_role);
        }
    }
    return kh_common_report(common, rc);
}

// NOLINTNEXTLINE(readability-non-const-parameter): a kh_take_option
static bool take_option(void *self, int option, int *status)
{
    const char **worker_role = self;
    (void)status;
    if (option == 'r') {
        *worker_role = optarg;
    }
    return option == 'r';
}

static int run_migrate(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"worker-role", required_argument, NULL, 'r'},
        KH_COMMON_OPTIONS,
    };
    kh_common common;
    const char *worker_role = NULL;
    int status = KH_EXIT_OK;
    kh_common_init(&common, command);
    if (!kh_common_options(&common, options, argc, argv, take_option, &worker_role, &status)) {
        goto out;
    }
    if (optind < argc) {
        status = kh_usage(command, "takes no argument, but got \"%s\"", argv[optind]);
    } else if (worker_role != NULL && worker_role[0] == '\0') {
        status = kh_usage(command, "--worker-role: give the role's name");
    } else {
        status = migrate(&common, worker_role);
    }
out:
    kh_common_deinit(&common);
    return status;
}

const kh_command kh_command_migrate = {
    .name = "migrate",
    .summary = "create or upgrade the tables in the database",
    .help =
        "Usage: kakehashi migrate [OPTION]...\n\n"
        "Brings the schema of `database.schema` to the version that this program knows. Two at once are harmless:\n"
        "the second waits, and finds nothing to do. Workers of the release before can go on meanwhile.\n\n"
        "      --worker-role NAME  then grant this role just what `kakehashi run` needs: it can neither change nor\n"
        "                          delete a result. It must exist, and be another than the one that "
        "migrates\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi migrate --config config/kakehashi.yaml --worker-role kakehashi_worker\n\n"
        "Exit codes: 0 the schema is as it must be; 1 the database does not answer; 2 wrong usage; 3 settings are\n"
        "wrong, the schema is newer than this program, there is no such role, or the database refuses.\n",
    .run = run_migrate,
};
