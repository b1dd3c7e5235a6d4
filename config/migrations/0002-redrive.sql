-- Dead letters that somebody asked to have decided again, and the newest that was done about each.

CREATE TABLE redrive (
    lane     integer NOT NULL,
    seq      bigint NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lane, seq),
    FOREIGN KEY (lane, seq) REFERENCES dead_letter (lane, seq)
);
COMMENT ON TABLE redrive IS 'Dead letters to decide again; inserted by `kakehashi dead-letters redrive`, deleted by the lane that decides them, which leaves a row in dead_letter_action';

CREATE INDEX dead_letter_action_newest ON dead_letter_action (lane, seq, number);
