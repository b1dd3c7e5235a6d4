#include "cli/messages.h"

#include <stdlib.h>

bool kh_language_parse(const char *name, kh_language *out)
{
    static const char *const names[KH_LANGUAGES] = {[KH_ENGLISH] = "en", [KH_JAPANESE] = "ja"};
    for (int i = 0; i < KH_LANGUAGES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (kh_language)i;
            return true;
        }
    }
    return false;
}

kh_language kh_language_of_environment(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "ja", 2) == 0 ? KH_JAPANESE : KH_ENGLISH;
        }
    }
    return KH_ENGLISH;
}

const char *kh_message(kh_language language, kh_message_key key)
{
    return language == KH_JAPANESE ? kh_messages_ja[key] : kh_messages_en[key];
}

const char *kh_message_word(kh_language language, kh_message_key first, kh_message_key last, int number)
{
    return number < 1 || number > (int)(last - first) + 1
               ? "?"
               : kh_message(language, (kh_message_key)((int)first + number - 1));
}

static kh_text filling_of(const kh_filling *fillings, size_t count, kh_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (kh_text_equal(kh_text_of(fillings[i].name), name)) {
            return fillings[i].text;
        }
    }
    return KH_TEXT("");
}

#define PIECES_MOST 32

kh_text kh_message_fill(kh_language language, kh_message_key key, const kh_filling *fillings, size_t count,
                        kh_arena *arena)
{
    kh_text pieces[PIECES_MOST];
    size_t used = 0;
    const char *rest = kh_message(language, key);
    while (*rest != '\0' && used + 2 < PIECES_MOST) {
        size_t plain = strcspn(rest, "{");
        pieces[used++] = (kh_text){rest, plain};
        rest += plain;
        if (*rest == '{') {
            size_t length = strcspn(rest, "}");
            pieces[used++] = filling_of(fillings, count, (kh_text){rest + 1, length - 1});
            rest += length + 1;
        }
    }
    return kh_arena_join(arena, pieces, used);
}

kh_text kh_message_article(kh_language language, kh_text article, kh_arena *arena)
{
    if (article.length == 0) {
        return article;
    }
    const char *point = memchr(article.data, '.', article.length);
    if (point == NULL) {
        return kh_message_fill(language, KH_M_ARTICLE, (kh_filling[]){{"article", article}}, 1, arena);
    }
    size_t head = (size_t)(point - article.data);
    kh_filling fillings[] = {{"article", {article.data, head}}, {"paragraph", {point + 1, article.length - head - 1}}};
    return kh_message_fill(language, KH_M_ARTICLE_PARAGRAPH, fillings, 2, arena);
}

kh_message_key kh_message_of_finding(kh_finding_kind kind)
{
    return kind == KH_FINDING_NONE ? KH_MESSAGE_KEYS
                                   : (kh_message_key)((int)KH_M_FOUND_ISSUE_KNOWN + (int)kind - KH_FINDING_ISSUE_KNOWN);
}

kh_message_key kh_message_of_remedy(kh_finding_kind kind)
{
    switch (kind) {
#define REMEDY(name)                                                                                                   \
    case KH_FINDING_##name:                                                                                            \
        return KH_M_REMEDY_##name;
        KH_MESSAGE_REMEDIES(REMEDY)
#undef REMEDY
    default:
        return KH_MESSAGE_KEYS;
    }
}
