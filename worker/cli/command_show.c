/* show: one subject whole. */
#include <stdio.h>
#include <string.h>

#include "app/catalog_view.h"
#include "app/heap.h"
#include "cli/command.h"
#include "cli/subject_text.h"

#define NEWEST_OF_A_KEY 3

typedef struct showing {
    kh_common common;
    kh_configuration configuration;
    kh_catalog_view *view;
    kh_message_cache *cache;
    kh_arena arena;
    bool json;
    kh_subject_view subject;
    kh_subject_text text;
} showing;

/* Newest results of each key, key by key; those of an obligation that is gone too. */
static kh_rc read_history(showing *of)
{
    const kh_subject_view *subject = &of->subject;
    kh_history_entry *all =
        kh_arena_allocate_array(&of->arena, (size_t)subject->key_count * NEWEST_OF_A_KEY, sizeof *all);
    kh_rc rc = all == NULL ? KH_E_MEMORY : KH_OK;
    size_t total = 0;
    for (uint32_t i = 0; rc == KH_OK && i < subject->key_count; i++) {
        kh_history_entry *some = NULL;
        size_t count = 0;
        const kh_key_state *state = &subject->keys[i];
        if (of->text.host.length > 0 && !kh_subject_text_tells(&of->text, state)) {
            continue;
        }
        rc = kh_catalog_view_history(of->view, subject->lane, state, NEWEST_OF_A_KEY, &of->arena, &some, &count);
        if (rc == KH_OK && count > 0) {
            memcpy(&all[total], some, count * sizeof *some);
            total += count;
        }
    }
    of->text.history = all;
    of->text.history_count = total;
    return rc;
}

static bool has_host(const showing *of)
{
    for (uint32_t i = 0; i < of->subject.key_count; i++) {
        const kh_key_state *state = &of->subject.keys[i];
        if (state->kind == KH_RESULT_STATUS && kh_text_equal(state->status->host, of->text.host)) {
            return true;
        }
    }
    return false;
}

static kh_rc not_there(kh_text key, kh_text host)
{
    if (host.length > 0) {
        (void)fprintf(stderr, "kakehashi show: nothing is decided about %.*s towards %.*s\n", KH_TEXT_ARGS(key),
                      KH_TEXT_ARGS(host));
    } else {
        (void)fprintf(stderr,
                      "kakehashi show: nothing is known about %.*s: no event about it has been decided; a key is a "
                      "label (SG/000123), a label towards a host (SG/000123@JP), or arrangement/ID\n",
                      KH_TEXT_ARGS(key));
    }
    return KH_E_REFUSED;
}

static kh_rc print(showing *of)
{
    kh_rc rc = KH_OK;
    of->text.subject = &of->subject;
    of->text.arena = &of->arena;
    if (of->json) {
        rc = kh_message_cache_new(kh_heap(), &of->cache);
        return rc == KH_OK ? kh_subject_text_print_json(&of->text, of->cache, stdout) : rc;
    }
    rc = read_history(of);
    return rc == KH_OK ? kh_subject_text_print(&of->text, stdout) : rc;
}

static int show(showing *of, const char *argument)
{
    kh_text key = kh_text_of(argument);
    const char *at = strchr(argument, '@');
    bool found = false;
    if (at != NULL) { /* no id has one */
        of->text.host = kh_text_of(at + 1);
        key.length = (size_t)(at - argument);
    }
    if (key.length == 0 || (at != NULL && of->text.host.length == 0)) {
        return kh_usage(of->common.command, "\"%s\" is no key; it is SG/000123, SG/000123@JP or arrangement/jp-sg",
                        argument);
    }
    int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
    if (status != KH_EXIT_OK) {
        return status;
    }
    kh_rc rc = kh_catalog_view_new(&of->configuration.settings, &of->common.problems, &of->view);
    if (rc == KH_OK) {
        rc = kh_catalog_view_show(of->view, key, &of->arena, &of->subject, &found);
    }
    if (rc == KH_OK && !found) {
        rc = not_there(key, KH_TEXT(""));
    } else if (rc == KH_OK && of->text.host.length > 0 && !has_host(of)) {
        rc = not_there(key, of->text.host);
    } else if (rc == KH_OK) {
        rc = print(of);
    }
    return kh_common_report(&of->common, rc);
}

static bool take_option(void *self, int option, int *status)
{
    showing *of = self;
    if (option == 'O') {
        *status = kh_common_choice(&of->common, "--output", "text", "json", &of->json);
        return true;
    }
    return false;
}

static int run_show(const kh_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'O'},
        KH_COMMON_OPTIONS,
    };
    showing of = {.json = false};
    int status = KH_EXIT_OK;
    kh_common_init(&of.common, command);
    kh_arena_init(&of.arena, 65536, kh_heap());
    if (!kh_common_options(&of.common, options, argc, argv, take_option, &of, &status)) {
        goto out;
    }
    status = argc - optind == 1 ? show(&of, argv[optind]) : kh_usage(command, "give one key, e.g. SG/000123");
out:
    kh_catalog_view_free(of.view);
    kh_message_cache_free(of.cache);
    kh_arena_deinit(&of.arena);
    kh_common_deinit(&of.common);
    return status;
}

const kh_command kh_command_show = {
    .name = "show",
    .summary = "show all about one label or arrangement, with its facts and obligations",
    .help =
        "Usage: kakehashi show [OPTION]... KEY\n\n"
        "Shows what stands about a label: its status towards each host with reasons and articles, the residual\n"
        "assessment with citations, obligations, the statements that still count, and the newest results.\n"
        "KEY is a label (SG/000123), a label towards one host (SG/000123@JP), or arrangement/ID.\n\n"
        "      --output WHAT    text (the default), or json: one object with subject, at, statuses, obligations and\n"
        "                       facts, each as in its topic\n" KH_COMMON_HELP "\nExample:\n"
        "  kakehashi show SG/000201@JP\n\n"
        "Exit codes: 0 well; 1 nothing is known about the key, or the database does not answer; 2 wrong usage;\n"
        "3 settings or schema are not as they must be.\n",
    .run = run_show,
};
