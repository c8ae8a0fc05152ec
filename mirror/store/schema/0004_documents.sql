-- Upstreams' documents have no digest but their SHA-256: there is nothing to find them by here.
DROP INDEX blob_by_sha512;
CREATE INDEX blob_by_sha512 ON blob (sha512) WHERE sha512 <> '';
