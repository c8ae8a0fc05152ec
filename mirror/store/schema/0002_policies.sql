-- Until here every user could do everything. Now a policy says so, and can be taken away.
INSERT INTO principal_policy (principal_id, name)
SELECT id, 'AWSCodeArtifactAdminAccess' FROM principal WHERE true
ON CONFLICT (principal_id, name) DO NOTHING;

-- Authorization tokens come by the thousand a day; those long expired are found without a scan.
CREATE INDEX token_by_expiry ON token (expires_at);
