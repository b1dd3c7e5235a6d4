-- Tables are named without a schema: search_path holds the one of the settings.
-- Instants are milliseconds since 1970-01-01T00:00:00Z (bigint), as the records carry them; only what the server itself
-- writes down is timestamptz. Texts that are compared or sorted are so as bytes (COLLATE "C").

CREATE TABLE deployment (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id         text NOT NULL,
    lane_count integer NOT NULL CHECK (lane_count > 0),
    made_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE deployment IS 'The one deployment that this schema belongs to, and the partition count of its topics';

CREATE TABLE lane (
    lane                integer PRIMARY KEY CHECK (lane >= 0),
    epoch               bigint NOT NULL DEFAULT 0,
    owner               text,
    next_seq            bigint NOT NULL DEFAULT 0,
    clock               bigint,
    arrangement_version bigint NOT NULL DEFAULT 0,
    arrangement_cause   bytea,
    swept_version       bigint NOT NULL DEFAULT 0,
    sweeping            boolean NOT NULL DEFAULT false,
    sweep_after         text COLLATE "C",
    sweep_cause         bytea,
    published_seq       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
COMMENT ON TABLE lane IS 'One row per lane: who may write it (epoch, owner) and how far it is';

CREATE TABLE lane_offset (
    lane           integer NOT NULL REFERENCES lane,
    topic          text COLLATE "C" NOT NULL,
    next_offset    bigint NOT NULL DEFAULT 0,
    last_offset    bigint,
    last_timestamp bigint,
    last_crc       bigint,
    PRIMARY KEY (lane, topic)
) WITH (fillfactor = 20);
COMMENT ON TABLE lane_offset IS 'How far each source topic of a lane is decided, and the last record decided';

-- Room on each page for the next version of its rows: changes that touch no indexed column then touch no index.
CREATE TABLE subject (
    lane           integer NOT NULL,
    key            text COLLATE "C" NOT NULL,
    due_at         bigint,
    next_change_at bigint,
    residual_open  integer NOT NULL DEFAULT 0,
    facts          bytea,
    decisions      bytea,
    basis          text COLLATE "C",
    outcomes       text,
    PRIMARY KEY (lane, key)
) WITH (fillfactor = 70);
CREATE INDEX subject_due ON subject (lane, due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX subject_basis ON subject (basis) WHERE basis IS NOT NULL;
COMMENT ON TABLE subject IS 'What is known and decided about a label or an arrangement; facts is null in a row that was made for a lock only';
COMMENT ON COLUMN subject.outcomes IS 'For queries: "SG=RECOGNISED", separated by a blank, ascending by host';

CREATE TABLE wakeup (
    lane    integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    cause   bytea,
    PRIMARY KEY (lane, subject)
);
COMMENT ON TABLE wakeup IS 'Subjects to decide again because their basis changed; inserted by any lane, deleted by their own';

CREATE TABLE result (
    lane           integer NOT NULL,
    seq            bigint NOT NULL,
    kind           smallint NOT NULL,
    key            text COLLATE "C" NOT NULL,
    subject        text COLLATE "C" NOT NULL,
    decision       bytea,
    status_version integer,
    public_version integer,
    message_hash   bigint,
    public_hash    bigint,
    decided_at     bigint,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    cause          bytea,
    previous_seq   bigint,
    PRIMARY KEY (lane, seq)
);
COMMENT ON TABLE result IS 'Every decision, append-only: what is published, and the history. previous_seq leads to the same key''s row before it';

CREATE TABLE obligation (
    id              text COLLATE "C" PRIMARY KEY,
    lane            integer NOT NULL,
    kind            smallint NOT NULL,
    state           smallint NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    arrangement     text COLLATE "C" NOT NULL,
    obliged         text NOT NULL,
    towards         text,
    arose_on        date,
    due_on          date,
    earliest_due_on date,
    discharged_on   date,
    confirmed_on    date,
    provisional     boolean NOT NULL,
    late            boolean NOT NULL,
    version         integer NOT NULL,
    decided_at      bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX obligation_subject ON obligation (subject);
COMMENT ON TABLE obligation IS 'Current state of every obligation that stands, for queries';

CREATE TABLE rule_pack (
    digest      text COLLATE "C" PRIMARY KEY,
    id          text COLLATE "C" NOT NULL UNIQUE,
    arrangement text COLLATE "C" NOT NULL,
    bytes       bytea NOT NULL,
    loaded_by   text NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE rule_pack IS 'Rule packs as loaded; a pack is never replaced: an amendment is a new pack';

CREATE TABLE policy (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    arrangement text COLLATE "C" NOT NULL,
    bytes       bytea NOT NULL,
    loaded_by   text NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX policy_newest ON policy (id, number);
COMMENT ON TABLE policy IS 'Every policy file ever loaded, append-only; of one id the highest number is current';

CREATE TABLE calendar (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    bytes       bytea NOT NULL,
    loaded_by   text NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX calendar_newest ON calendar (id, number);
COMMENT ON TABLE calendar IS 'Every calendar ever loaded, append-only; of one id the highest number is current';

CREATE TABLE dead_letter (
    lane             integer NOT NULL,
    seq              bigint NOT NULL,
    topic            text COLLATE "C" NOT NULL,
    "offset"         bigint NOT NULL,
    record_timestamp bigint,
    reason           text NOT NULL,
    detail           text NOT NULL,
    key              bytea,
    value            bytea,
    value_size       bigint NOT NULL,
    headers          bytea,
    recorded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lane, topic, "offset"),
    UNIQUE (lane, seq)
);
COMMENT ON TABLE dead_letter IS 'Records that could not be used, with their bytes, append-only; seq is that of the result row that points at it';

CREATE TABLE dead_letter_action (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane    integer NOT NULL,
    seq     bigint NOT NULL,
    action  text NOT NULL,
    detail  text,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (lane, seq) REFERENCES dead_letter (lane, seq)
);
COMMENT ON TABLE dead_letter_action IS 'What was done about a dead letter later, and by whom; append-only';
