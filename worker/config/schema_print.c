#include "config/schema_walk.h"

#include <yaml.h>

#include "config/schema_value.h"
#include "kakehashi/date.h"

/*! Sticky: after the first failure nothing more is written. */
typedef struct printer {
    yaml_emitter_t emitter;
    bool failed;
} printer;

/*! Gives the event to libyaml, which frees it. \param made  what the event's initialiser returned. */
static void emit(printer *p, yaml_event_t *event, int made)
{
    if (made != 1) {
        p->failed = true;
    } else if (p->failed) {
        yaml_event_delete(event);
    } else if (yaml_emitter_emit(&p->emitter, event) != 1) {
        p->failed = true;
    }
}

static void print_scalar(printer *p, kh_text text, bool quoted)
{
    yaml_event_t event;
    const char *data = text.data == NULL ? "" : text.data;
    yaml_scalar_style_t style = quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
    emit(p, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)data, (int)text.length, 1, 1, style));
}

static void print_word(printer *p, const char *word)
{
    print_scalar(p, kh_text_of(word), false);
}

static void begin_map(printer *p, bool flow)
{
    yaml_event_t event;
    emit(p, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                             flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE));
}

static void end_map(printer *p)
{
    yaml_event_t event;
    emit(p, &event, yaml_mapping_end_event_initialize(&event));
}

static void begin_list(printer *p, bool flow)
{
    yaml_event_t event;
    emit(p, &event,
         yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                              flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));
}

static void end_list(printer *p)
{
    yaml_event_t event;
    emit(p, &event, yaml_sequence_end_event_initialize(&event));
}

/*! Where the secret is kept; never the secret. */
static void print_secret(printer *p, const kh_secret *secret)
{
    begin_map(p, true);
    print_word(p, secret->source == KH_SECRET_ENVIRONMENT ? "env" : "file");
    print_scalar(p, secret->name, false);
    end_map(p);
}

static void print_number(printer *p, const kh_schema_key *key, const char *field)
{
    char text[24];
    uint32_t number = 0;
    memcpy(&number, field, sizeof(number));
    if (key->least < 0) {
        (void)snprintf(text, sizeof(text), "%d", (int)(int32_t)number);
    } else {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)number);
    }
    print_word(p, text);
}

static void print_month_day(printer *p, const char *field)
{
    char text[24];
    uint16_t month_day = 0;
    memcpy(&month_day, field, sizeof(month_day));
    (void)snprintf(text, sizeof(text), "%02u-%02u", month_day / 100u, month_day % 100u);
    print_word(p, text);
}

static void print_offset(printer *p, const char *field)
{
    char text[24];
    int32_t offset = 0;
    memcpy(&offset, field, sizeof(offset));
    unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);
    (void)snprintf(text, sizeof(text), "%c%02u:%02u", offset < 0 ? '-' : '+', minutes / 60u, minutes % 60u);
    print_scalar(p, kh_text_of(text), true);
}

static void print_date(printer *p, const char *field)
{
    char text[KH_DATE_SIZE + 1];
    kh_day day = KH_DAY_NONE;
    memcpy(&day, field, sizeof(day));
    kh_day_print(day, text);
    print_word(p, text);
}

static void print_choices(printer *p, const kh_schema_key *key, uint8_t bits)
{
    begin_list(p, true);
    for (const kh_choice *choice = key->choices; choice->name != NULL; choice++) {
        if (((unsigned)bits >> choice->value) & 1u) {
            print_word(p, choice->name);
        }
    }
    end_list(p);
}

static void print_choice(printer *p, const kh_schema_key *key, const char *field)
{
    int value = 0;
    memcpy(&value, field, sizeof(value));
    const kh_choice *choice = key->choices;
    while (choice->name != NULL && choice->value != value) {
        choice++;
    }
    print_word(p, choice->name == NULL ? "" : choice->name);
}

static void print_record(printer *p, const kh_schema *schema, const char *record);

/*! The items of TEXTS, LIST and PAIRS. */
static void print_items(printer *p, const kh_schema_key *key, const char *record)
{
    uint32_t count = 0;
    const void *items = NULL;
    memcpy(&count, record + key->count_offset, sizeof(count));
    memcpy(&items, record + key->offset, sizeof(items));
    bool map = key->type == KH_SCHEMA_PAIRS;
    if (map) {
        begin_map(p, false);
    } else {
        begin_list(p, false);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (key->type == KH_SCHEMA_TEXTS) {
            print_scalar(p, ((const kh_text *)items)[i], false);
        } else if (key->type == KH_SCHEMA_LIST) {
            print_record(p, key->inside, (const char *)items + i * key->inside->record_size);
        } else {
            const kh_pair *pair = &((const kh_pair *)items)[i];
            print_scalar(p, pair->key, false);
            if (pair->secret.source == KH_SECRET_NONE) {
                print_scalar(p, pair->value, false);
            } else {
                print_secret(p, &pair->secret);
            }
        }
    }
    if (map) {
        end_map(p);
    } else {
        end_list(p);
    }
}

/*! Whether the record has anything at the key: a value, or a default. */
static bool is_present(const kh_schema_key *key, const char *field)
{
    int choice = 0;
    kh_day day = KH_DAY_NONE;
    switch (key->type) {
    case KH_SCHEMA_TEXT:
        return ((const kh_text *)(const void *)field)->length != 0;
    case KH_SCHEMA_SECRET:
        return ((const kh_secret *)(const void *)field)->source != KH_SECRET_NONE;
    case KH_SCHEMA_CHOICE:
        memcpy(&choice, field, sizeof(choice));
        return choice != 0;
    case KH_SCHEMA_DATE:
        memcpy(&day, field, sizeof(day));
        return day != KH_DAY_NONE;
    default:
        return true;
    }
}

static void print_value(printer *p, const kh_schema_key *key, const char *record)
{
    const char *field = record + key->offset;
    switch (key->type) {
    case KH_SCHEMA_TEXT:
        print_scalar(p, *(const kh_text *)(const void *)field, false);
        break;
    case KH_SCHEMA_NUMBER:
        print_number(p, key, field);
        break;
    case KH_SCHEMA_BOOLEAN:
        print_word(p, *(const bool *)(const void *)field ? "yes" : "no");
        break;
    case KH_SCHEMA_DATE:
        print_date(p, field);
        break;
    case KH_SCHEMA_MONTH_DAY:
        print_month_day(p, field);
        break;
    case KH_SCHEMA_OFFSET:
        print_offset(p, field);
        break;
    case KH_SCHEMA_CHOICE:
        print_choice(p, key, field);
        break;
    case KH_SCHEMA_CHOICES:
        print_choices(p, key, *(const uint8_t *)field);
        break;
    case KH_SCHEMA_MAP:
        print_record(p, key->inside, field);
        break;
    case KH_SCHEMA_SECRET:
        print_secret(p, (const kh_secret *)(const void *)field);
        break;
    case KH_SCHEMA_TEXTS:
    case KH_SCHEMA_LIST:
    case KH_SCHEMA_PAIRS:
        print_items(p, key, record);
        break;
    }
}

static void print_record(printer *p, const kh_schema *schema, const char *record)
{
    begin_map(p, false);
    for (const kh_schema_key *key = schema->keys; key->name != NULL; key++) {
        if (is_present(key, record + key->offset)) {
            print_word(p, key->name);
            print_value(p, key, record);
        }
    }
    end_map(p);
}

kh_rc kh_schema_print(const kh_schema *schema, const void *record, FILE *out)
{
    printer p = {.failed = false};
    yaml_event_t event;
    if (yaml_emitter_initialize(&p.emitter) != 1) {
        return KH_E_MEMORY;
    }
    yaml_emitter_set_output_file(&p.emitter, out);
    yaml_emitter_set_unicode(&p.emitter, 1);
    yaml_emitter_set_width(&p.emitter, -1);
    emit(&p, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&p, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    print_record(&p, schema, record);
    emit(&p, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&p, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&p.emitter);
    return p.failed || ferror(out) ? KH_E_MEMORY : KH_OK;
}
