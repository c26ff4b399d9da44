-- 操作手册: the graduate's manual as a PDF, one row for each text that some release has. Made when somebody first asks for it; the
-- source's hash says which release's it is.
CREATE TABLE manuals (
    -- Of text and data from which it was made.
    source_sha256 bytea PRIMARY KEY CHECK (length(source_sha256) = 32),
    -- Of the PDF.
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    object_key text NOT NULL UNIQUE,
    pages integer NOT NULL CHECK (pages > 0),
    byte_size integer NOT NULL CHECK (byte_size > 0),
    -- 修订日期, as it stands on the cover.
    edition date NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX manuals_age ON manuals (created_at);
