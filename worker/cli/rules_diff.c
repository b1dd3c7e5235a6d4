/* rules diff: what two rule packs provide differently, provision by provision. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/rules_store.h"
#include "cli/rules_command.h"
#include "cli/table.h"
#include "codec/json_line.h"

/* A rule pack that stands in the database, by its id. */
static kh_rc find_stored(kh_rules_command *of, const char *id, kh_rule_file *out)
{
    kh_rule_file *files = NULL;
    uint32_t count = 0;
    kh_problems *problems = &of->common.problems;
    kh_rc rc =
        of->database != NULL ? KH_OK : kh_reach_schema(&of->configuration.settings, problems, &of->database, NULL);
    if (rc == KH_OK) {
        rc = kh_rules_store_read_files(of->database, &of->arena, problems, &files, &count);
        if (rc != KH_OK && rc != KH_E_MEMORY && problems->count == 0) {
            (void)kh_reach_failed(&of->configuration.settings, of->database, problems, rc);
        }
    }
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        if (files[i].kind == KH_RULE_FILE_PACK && kh_text_equal(files[i].id, kh_text_of(id))) {
            *out = files[i];
            return KH_OK;
        }
    }
    if (rc == KH_OK) {
        (void)fprintf(stderr,
                      "kakehashi rules: %s is neither a file nor a rule pack in the database (`kakehashi rules list` "
                      "lists those)\n",
                      id);
        rc = KH_E_REFUSED;
    }
    return rc;
}

static kh_rc read_one(kh_rules_command *of, const char *name, bool is_file, kh_rule_file *out)
{
    if (!is_file) {
        return find_stored(of, name, out);
    }
    kh_rc rc = kh_rules_command_read(of, name, out);
    if (rc == KH_OK && out->kind != KH_RULE_FILE_PACK) {
        kh_problems_add(&of->common.problems, (kh_place){name, 0, 0}, KH_TEXT("kind"),
                        "is %s, and only rule packs are compared; `kakehashi rules preview %s` says what it would "
                        "change",
                        kh_rule_file_kind_name(out->kind), name);
        rc = KH_E_CONFIGURATION;
    }
    return rc;
}

static kh_text equivalence(kh_rules_command *of, kh_equivalence value)
{
    static const kh_message_key needs[] = {
        [KH_EQUIVALENCE_FULL] = KH_M_NEED_NONE,
        [KH_EQUIVALENCE_PARTIAL] = KH_M_NEED_SUPPLEMENTARY_ASSESSMENT,
        [KH_EQUIVALENCE_NONE] = KH_M_NEED_BY_POLICY,
    };
    kh_filling fillings[] = {
        {"equivalence",
         kh_text_of(kh_message_word(of->language, KH_M_EQUIVALENCE_FULL, KH_M_EQUIVALENCE_NONE, (int)value))},
        {"need", kh_text_of(kh_message(of->language, needs[value]))},
    };
    return kh_message_fill(of->language, KH_M_RESIDUAL_ROW, fillings, 2, &of->arena);
}

/* One side of a difference in words. */
static kh_text told(kh_rules_command *of, const kh_pack_difference *difference, kh_text value, kh_equivalence row)
{
    if (value.length == 0) {
        return KH_TEXT("-");
    }
    if (difference->kind == KH_PACK_DIFFERENCE_REQUIREMENT) {
        return equivalence(of, row);
    }
    if (difference->kind == KH_PACK_DIFFERENCE_FORCE) {
        bool by_consent = kh_text_equal(value, KH_TEXT("BY_CONSENT"));
        return kh_text_of(kh_message(of->language, by_consent ? KH_M_FORCE_BY_CONSENT : KH_M_FORCE_AS_SIGNED));
    }
    return value;
}

static kh_rc add_row(kh_rules_command *of, kh_table *table, const kh_pack_difference *difference)
{
    kh_text article = kh_message_article(of->language, difference->article, &of->arena);
    kh_text cells[] = {
        difference->citation.length > 0 ? difference->citation
        : article.length > 0            ? article
                                        : KH_TEXT("-"),
        kh_text_of(kh_message(of->language, (kh_message_key)((int)KH_M_PACK_ARRANGEMENT + (int)difference->kind))),
        difference->subject.length > 0 ? difference->subject : KH_TEXT("-"),
        told(of, difference, difference->before, difference->equivalence_before),
        told(of, difference, difference->after, difference->equivalence_after),
    };
    return kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_add(table, cells);
}

static kh_rc print_table(kh_rules_command *of, const kh_rule_file *packs, const kh_pack_difference *differences,
                         uint32_t count)
{
    kh_table *table = NULL;
    const kh_table_column columns[] = {
        {kh_message(of->language, KH_M_COLUMN_PROVISION), false},
        {kh_message(of->language, KH_M_COLUMN_WHAT), false},
        {kh_message(of->language, KH_M_COLUMN_OF), false},
        {kh_arena_print(&of->arena, "%.*s (%.8s)", KH_TEXT_ARGS(packs[0].id), packs[0].sha256.data).data, false},
        {kh_arena_print(&of->arena, "%.*s (%.8s)", KH_TEXT_ARGS(packs[1].id), packs[1].sha256.data).data, false},
    };
    if (count == 0) {
        bool same = kh_text_equal(packs[0].sha256, packs[1].sha256);
        (void)printf("%s\n", kh_message(of->language, same ? KH_M_PACKS_SAME_BYTES : KH_M_PACKS_SAME_WORDS));
        return KH_OK;
    }
    kh_rc rc = kh_arena_failed(&of->arena) ? KH_E_MEMORY : kh_table_new(stdout, columns, 5, &table);
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        rc = add_row(of, table, &differences[i]);
    }
    if (rc == KH_OK) {
        rc = kh_table_finish(table);
    }
    kh_table_free(table);
    return rc;
}

static void put_text(kh_json_line *line, const char *name, kh_text text)
{
    if (text.length > 0) {
        kh_json_line_text(line, name, text);
    }
}

static kh_rc print_line(kh_json_line *line)
{
    kh_text text = KH_TEXT("");
    kh_rc rc = kh_json_line_finish(line, &text);
    return rc == KH_OK && printf("%.*s\n", KH_TEXT_ARGS(text)) < 0 ? KH_E_LOST : rc;
}

static kh_rc print_json(kh_rules_command *of, const kh_rule_file *packs, const kh_pack_difference *differences,
                        uint32_t count)
{
    static const char *const sides[] = {"before", "after"};
    kh_json_line *line = kh_json_line_new(&of->arena);
    kh_json_line_open(line, "rulePacks", '{');
    for (int i = 0; i < 2; i++) {
        kh_json_line_open(line, sides[i], '{');
        kh_json_line_text(line, "id", packs[i].id);
        kh_json_line_text(line, "sha256", packs[i].sha256);
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
    kh_rc rc = print_line(line);
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        const kh_pack_difference *difference = &differences[i];
        line = kh_json_line_new(&of->arena);
        kh_json_line_open(line, "difference", '{');
        kh_json_line_text(line, "kind", kh_pack_difference_name(difference->kind));
        put_text(line, "article", difference->article);
        put_text(line, "citation", difference->citation);
        put_text(line, "of", difference->subject);
        put_text(line, "before", difference->before);
        put_text(line, "after", difference->after);
        kh_json_line_close(line);
        rc = print_line(line);
    }
    return rc;
}

int kh_rules_diff(kh_rules_command *of, int count_of_names, char **names)
{
    bool is_file[] = {access(names[0], F_OK) == 0, access(names[1], F_OK) == 0};
    kh_rule_file packs[2];
    kh_pack_difference *differences = NULL;
    uint32_t count = 0;
    kh_rc rc = KH_OK;
    (void)count_of_names;
    if (!is_file[0] || !is_file[1]) {
        int status = kh_common_load(&of->common, KH_NEEDS_DATABASE, &of->configuration);
        if (status != KH_EXIT_OK) {
            return status;
        }
    }
    for (int i = 0; i < 2; i++) {
        kh_rc read = rc == KH_OK || rc == KH_E_CONFIGURATION ? read_one(of, names[i], is_file[i], &packs[i]) : rc;
        rc = rc == KH_OK ? read : rc; /* what is wrong with both is said at once */
    }
    if (rc == KH_OK) {
        rc = kh_rule_packs_compare(&packs[0].is.pack, &packs[1].is.pack, &of->arena, &differences, &count);
    }
    if (rc == KH_OK) {
        rc = of->json ? print_json(of, packs, differences, count) : print_table(of, packs, differences, count);
    }
    return kh_common_report(&of->common, rc);
}
