#include "codec/client_statistics.h"

#include <jansson.h>

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}

/* The group's coordinator stands in the list once more, with a connection of its own. */
static void add_broker(const json_t *broker, kh_client_statistics *out)
{
    const char *state = json_string_value(json_object_get(broker, "state"));
    double round_trip = (double)number(json_object_get(broker, "rtt"), "p99") / 1e6;
    const char *source = json_string_value(json_object_get(broker, "source"));
    bool up = state != NULL && strcmp(state, "UP") == 0;
    out->connections_up += up;
    out->brokers_up += up && source != NULL && strcmp(source, "logical") != 0;
    out->round_trip_seconds = round_trip > out->round_trip_seconds ? round_trip : out->round_trip_seconds;
    out->timeouts += number(broker, "req_timeouts");
    out->errors += number(broker, "txerrs") + number(broker, "rxerrs");
    out->disconnects += number(broker, "disconnects");
}

/* What was fetched waits in the queues of its partitions. */
static void add_topic(const json_t *topic, kh_client_statistics *out)
{
    const char *key = NULL;
    const json_t *partition = NULL;
    json_object_foreach(json_object_get(topic, "partitions"), key, partition)
    {
        out->queued_messages += number(partition, "fetchq_cnt");
        out->queued_bytes += number(partition, "fetchq_size");
    }
}

kh_rc kh_client_statistics_read(kh_text json, kh_client_statistics *out)
{
    json_t *root = json_loadb(json.data == NULL ? "" : json.data, json.length, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return KH_E_REFUSED;
    }
    const char *key = NULL;
    const json_t *entry = NULL;
    kh_client_statistics found = {
        .queued_messages = number(root, "msg_cnt"),
        .queued_bytes = number(root, "msg_size"),
        .sent_bytes = number(root, "tx_bytes"),
        .received_bytes = number(root, "rx_bytes"),
        .rebalances = number(json_object_get(root, "cgrp"), "rebalance_cnt"),
    };
    json_object_foreach(json_object_get(root, "brokers"), key, entry)
    {
        add_broker(entry, &found);
    }
    json_object_foreach(json_object_get(root, "topics"), key, entry)
    {
        add_topic(entry, &found);
    }
    json_decref(root);
    *out = found;
    return KH_OK;
}
