-- The whole model of the CodeArtifact API, in SQL that SQLite and PostgreSQL both understand.
-- Times are epoch seconds; digests are lower-case hex; an empty namespace means "none".

CREATE TABLE domain (
    id             INTEGER PRIMARY KEY,
    owner          TEXT NOT NULL,
    name           TEXT NOT NULL,
    encryption_key TEXT,
    created_at     DOUBLE PRECISION NOT NULL,
    UNIQUE (owner, name)
);

CREATE TABLE repository (
    id            INTEGER PRIMARY KEY,
    domain_id     INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    administrator TEXT NOT NULL,
    description   TEXT,
    created_at    DOUBLE PRECISION NOT NULL,
    UNIQUE (domain_id, name)
);

-- Upstreams are searched in ascending priority (API contract §13, U1).
CREATE TABLE repository_upstream (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    upstream_id   INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    priority      INTEGER NOT NULL,
    PRIMARY KEY (repository_id, upstream_id)
);
CREATE INDEX repository_upstream_by_upstream ON repository_upstream (upstream_id);

-- At most one external connection a repository (§5); what the name means stands in the settings.
CREATE TABLE repository_connection (
    repository_id INTEGER PRIMARY KEY REFERENCES repository (id) ON DELETE CASCADE,
    connection    TEXT NOT NULL
);

CREATE TABLE package_group (
    id            INTEGER PRIMARY KEY,
    domain_id     INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    pattern       TEXT NOT NULL,
    contact_info  TEXT,
    description   TEXT,
    publish       TEXT NOT NULL,
    external      TEXT NOT NULL,
    internal      TEXT NOT NULL,
    created_at    DOUBLE PRECISION NOT NULL,
    UNIQUE (domain_id, pattern)
);

CREATE TABLE package_group_repository (
    group_id      INTEGER NOT NULL REFERENCES package_group (id) ON DELETE CASCADE,
    restriction   TEXT NOT NULL,
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, restriction, repository_id)
);

-- A package in one repository. The row, with its origin controls, outlives its versions (§12).
-- revision advances with every change that a listing can show; event_sequence numbers events (§8
-- of auth-and-policy).
CREATE TABLE package (
    id             INTEGER PRIMARY KEY,
    repository_id  INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format         TEXT NOT NULL,
    namespace      TEXT NOT NULL,
    name           TEXT NOT NULL,
    display_name   TEXT,
    publish        TEXT NOT NULL,
    upstream       TEXT NOT NULL,
    about          TEXT NOT NULL DEFAULT '{}',
    revision       INTEGER NOT NULL DEFAULT 0,
    event_sequence INTEGER NOT NULL DEFAULT 0,
    created_at     DOUBLE PRECISION NOT NULL,
    UNIQUE (repository_id, format, namespace, name)
);
CREATE INDEX package_by_name ON package (format, namespace, name);

CREATE TABLE version (
    id                  INTEGER PRIMARY KEY,
    package_id          INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    version             TEXT NOT NULL,
    display_name        TEXT,
    status              TEXT NOT NULL,
    origin_type         TEXT NOT NULL,
    origin_repository   TEXT,
    origin_connection   TEXT,
    revision            TEXT NOT NULL,
    manifest            TEXT NOT NULL,
    summary             TEXT,
    home_page           TEXT,
    source_repository   TEXT,
    licenses            TEXT NOT NULL DEFAULT '[]',
    readme              TEXT,
    published_at        DOUBLE PRECISION,  -- NULL where the source does not tell
    stored_at           DOUBLE PRECISION NOT NULL,
    UNIQUE (package_id, version)
);
CREATE INDEX version_by_time ON version (package_id, published_at);

CREATE TABLE dependency (
    version_id  INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    namespace   TEXT NOT NULL,
    package     TEXT NOT NULL,
    type        TEXT NOT NULL,
    requirement TEXT NOT NULL,
    PRIMARY KEY (version_id, position)
);

-- One row a distinct content, however many assets and documents show it.
CREATE TABLE blob (
    sha256     TEXT PRIMARY KEY,
    size       INTEGER NOT NULL,
    md5        TEXT NOT NULL,
    sha1       TEXT NOT NULL,
    sha512     TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX blob_by_sha512 ON blob (sha512);

-- properties holds what only one format needs of a file, as JSON.
CREATE TABLE asset (
    version_id INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL REFERENCES blob (sha256),
    properties TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (version_id, name)
);
CREATE INDEX asset_by_blob ON asset (sha256);

-- npm dist-tags.
CREATE TABLE package_tag (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    tag        TEXT NOT NULL,
    version    TEXT NOT NULL,
    PRIMARY KEY (package_id, tag)
);

-- What upstreams said, byte for byte as they sent it, with the validators to ask again. location is
-- where it came from after redirects: links in it are relative to that.
CREATE TABLE upstream_document (
    url           TEXT PRIMARY KEY,
    location      TEXT NOT NULL,
    sha256        TEXT NOT NULL REFERENCES blob (sha256),
    content_type  TEXT NOT NULL,
    encoding      TEXT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    fetched_at    DOUBLE PRECISION NOT NULL,
    checked_at    DOUBLE PRECISION NOT NULL
);
CREATE INDEX upstream_document_by_blob ON upstream_document (sha256);

-- The same, read: one indexed listing a package and source. The base URL is part of the key, so
-- that a connection pointed elsewhere starts afresh (devpi#817). source names the documents that
-- the listing was read from.
CREATE TABLE upstream_listing (
    id         INTEGER PRIMARY KEY,
    base       TEXT NOT NULL,
    format     TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL REFERENCES blob (sha256),
    source     TEXT NOT NULL,
    checked_at DOUBLE PRECISION NOT NULL,
    UNIQUE (base, format, namespace, name)
);
CREATE INDEX upstream_listing_by_blob ON upstream_listing (sha256);

CREATE TABLE resource_tag (
    resource TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (resource, key)
);

-- Domain and repository policies, by ARN; the document is kept byte for byte.
CREATE TABLE resource_policy (
    resource TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    revision TEXT NOT NULL
);

CREATE TABLE principal (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    path       TEXT NOT NULL DEFAULT '/',
    active     INTEGER NOT NULL DEFAULT 1,
    password   TEXT,
    created_at DOUBLE PRECISION NOT NULL,
    UNIQUE (account, kind, name)
);

-- Identity policies: a managed one by name, or a document of its own.
CREATE TABLE principal_policy (
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    document     TEXT,
    PRIMARY KEY (principal_id, name)
);

-- SigV4 needs the secret itself: it is encrypted with the installation's key file.
CREATE TABLE access_key (
    id           TEXT PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    secret       TEXT NOT NULL,
    active       INTEGER NOT NULL DEFAULT 1,
    created_at   DOUBLE PRECISION NOT NULL
);

-- Bearer tokens, by digest only. domain_id and expires_at are set for authorization tokens.
CREATE TABLE token (
    id           INTEGER PRIMARY KEY,
    digest       TEXT NOT NULL UNIQUE,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    domain_id    INTEGER REFERENCES domain (id) ON DELETE CASCADE,
    source_key   TEXT,
    read_only    INTEGER NOT NULL DEFAULT 0,
    created_at   DOUBLE PRECISION NOT NULL,
    expires_at   DOUBLE PRECISION
);
CREATE INDEX token_by_principal ON token (principal_id);

-- The outbox of change events: written with the change, delivered at least once.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY,
    uuid         TEXT NOT NULL UNIQUE,
    detail       TEXT NOT NULL,
    created_at   DOUBLE PRECISION NOT NULL,
    delivered_at DOUBLE PRECISION
);
CREATE INDEX event_undelivered ON event (id) WHERE delivered_at IS NULL;
