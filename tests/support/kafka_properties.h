/* Whom a test's program is to a broker that asks. */
#ifndef KH_TEST_KAFKA_PROPERTIES_H
#define KH_TEST_KAFKA_PROPERTIES_H

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*! Sets librdkafka's properties that stand as NAME=VALUE lines in the file that KH_KAFKA_PROPERTIES names, if it does.
 *  \return whether all were set; if not, \a error says why. */
static inline int kafka_properties_set(rd_kafka_conf_t *conf, char *error, size_t size)
{
    const char *path = getenv("KH_KAFKA_PROPERTIES");
    char line[1024];
    int well = 1;
    if (path == NULL) {
        return 1;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(error, size, "%s cannot be read", path);
        return 0;
    }
    while (well && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, '=');
        if (value != NULL) {
            *value++ = '\0';
            well = rd_kafka_conf_set(conf, line, value, error, size) == RD_KAFKA_CONF_OK;
        }
    }
    (void)fclose(file);
    return well;
}

#endif
