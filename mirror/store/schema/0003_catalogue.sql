-- ListPackageVersions: newest first, and by when we stored it where the source tells no time.
DROP INDEX version_by_time;
CREATE INDEX version_by_age ON version (package_id, (coalesce(published_at, stored_at)), version);
