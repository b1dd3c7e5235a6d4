#!/usr/bin/env python3
"""Copies the records of one source topic into another with more partitions: docker/README.md, "More partitions".

    repartition.py --brokers HOST:PORT[,...] [--set NAME=VALUE]... FROM TO

Keys, values and headers stay as they are, and timestamps where the new topic does not stamp records itself; each record goes to
the partition that its key has in the new topic, by the partitioner that source topics have (murmur2), and what is said of one
subject keeps its order. It ends at what FROM holds now, and remembers where: run again, it copies what has come since. What was
copied twice, after it was broken off, changes nothing in the decisions. --set passes a setting on to librdkafka (TLS, SASL); a value that begins with @ is read from that file.

Needs Debian's python3-confluent-kafka, `Read` on FROM and on the group repartition-FROM-TO, `Write` on TO.
"""
import argparse
import sys
import time
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

AT_ONCE = 10000


def setting(text):
    name, _, value = text.partition("=")
    return name, Path(value[1:]).read_text(encoding="utf-8").strip() if value.startswith("@") else value


def places(consumer, topic):
    """Where each partition is to be read from, and where it ends now."""
    known = consumer.list_topics(topic, timeout=30).topics[topic]
    if known.error:
        raise SystemExit(f"repartition.py: {topic}: {known.error}")
    committed = consumer.committed([TopicPartition(topic, number) for number in known.partitions], timeout=30)
    ends = {place.partition: consumer.get_watermark_offsets(place, timeout=30)[1] for place in committed}
    for place in committed:
        place.offset = OFFSET_BEGINNING if place.offset < 0 else place.offset
    return committed, ends


class Copy:
    def __init__(self, options):
        shared = {"bootstrap.servers": options.brokers, **dict(setting(text) for text in options.set)}
        self.source, self.target, self.copied, self.said_at, self.failed = options.source, options.target, 0, time.monotonic(), None
        self.consumer = Consumer({**shared, "group.id": f"repartition-{options.source}-{options.target}", "enable.auto.commit": False,
                                  "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "error"})
        self.producer = Producer({**shared, "enable.idempotence": True, "partitioner": "murmur2_random", "compression.type": "lz4"})
        if options.target not in self.producer.list_topics(timeout=30).topics:
            raise SystemExit(f"repartition.py: there is no topic {options.target}: `kakehashi topics create` makes it")

    def delivered(self, error, _message):
        self.failed = self.failed or error

    def settle(self, places_read):
        """All that was sent is there: only then is it remembered."""
        if self.producer.flush(60) or self.failed:
            raise SystemExit(f"repartition.py: not all was delivered ({self.failed or 'no answer'}): run it again")
        if places_read:
            self.consumer.commit(offsets=[TopicPartition(self.source, number, offset) for number, offset in places_read.items()],
                                 asynchronous=False)

    def send(self, message):
        _, timestamp = message.timestamp()
        while True:
            try:
                self.producer.produce(self.target, key=message.key(), value=message.value(), headers=message.headers(),
                                      timestamp=timestamp, on_delivery=self.delivered)
                break
            except BufferError:
                self.producer.poll(1)
        self.producer.poll(0)
        self.copied += 1
        if time.monotonic() > self.said_at + 2:
            self.said_at = time.monotonic()
            print(f"{self.copied} so far", file=sys.stderr)

    def run(self):
        starts, ends = places(self.consumer, self.source)
        open_partitions, read = {number for number, end in ends.items() if end > 0}, {}
        self.consumer.assign(starts)
        while open_partitions:
            message = self.consumer.poll(1)
            if message is None:
                continue
            if message.error() is None:
                self.send(message)
                read[message.partition()] = message.offset() + 1
            elif message.error().code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            else:
                raise SystemExit(f"repartition.py: {message.error()}")
            if self.copied % AT_ONCE == AT_ONCE - 1:
                self.settle(read)
        self.settle(read)
        self.consumer.close()
        print(f"{self.copied} records copied from {self.source} to {self.target}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("source", metavar="FROM")
    parser.add_argument("target", metavar="TO")
    Copy(parser.parse_args()).run()


if __name__ == "__main__":
    main()
