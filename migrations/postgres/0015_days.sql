-- What sheets of days that are over tell, summed. Adds only.

-- Made out of `figure`, again and again; a day's row goes where a figure of that day changes.
CREATE TABLE figure_day (
    day     BIGINT NOT NULL PRIMARY KEY,      -- since 1970, Japan's, on which its sheets were received
    version BIGINT NOT NULL,                  -- of what makes the sums
    sums    TEXT COLLATE "C" NOT NULL         -- JSON of figures::statistics::Received
);
