"""All 48 operations of CodeArtifact (service model 2018-09-22), one line each (API contract §3).

The path's traps are the model's own: lists are POST but for two of the groups', one path is plural
(`policies`), and two operations carry what they name in the body.
"""

from mirror.api.content import get_package_version_asset, publish_package_version
from mirror.api.copying import copy_package_versions
from mirror.api.domains import create_domain, delete_domain, describe_domain, list_domains
from mirror.api.groups import (
    create_package_group,
    delete_package_group,
    describe_package_group,
    get_associated_package_group,
    list_allowed_repositories_for_group,
    list_associated_packages,
    list_package_groups,
    list_sub_package_groups,
    update_package_group,
    update_package_group_origin_configuration,
)
from mirror.api.operation import Operation, operation
from mirror.api.packages import (
    delete_package,
    describe_package,
    list_packages,
    put_package_origin_configuration,
)
from mirror.api.permissions import (
    delete_domain_permissions_policy,
    delete_repository_permissions_policy,
    get_domain_permissions_policy,
    get_repository_permissions_policy,
    put_domain_permissions_policy,
    put_repository_permissions_policy,
)
from mirror.api.repositories import (
    associate_external_connection,
    create_repository,
    delete_repository,
    describe_repository,
    disassociate_external_connection,
    get_repository_endpoint,
    list_repositories,
    list_repositories_in_domain,
    update_repository,
)
from mirror.api.resources import (
    anything,
    associated_group,
    destination,
    domain,
    group,
    package,
    repository,
    tagged,
)
from mirror.api.statuses import (
    delete_package_versions,
    dispose_package_versions,
    update_package_versions_status,
)
from mirror.api.tags import list_tags_for_resource, tag_resource, untag_resource
from mirror.api.tokens import get_authorization_token
from mirror.api.versions import (
    describe_package_version,
    get_package_version_readme,
    list_package_version_assets,
    list_package_version_dependencies,
    list_package_versions,
)

D = "domain! domainOwner"
R = f"{D} repository!"
P = f"{R} format! namespace package!"
V = f"{P} packageVersion!"
PAGE = "maxResults nextToken"
SIFTED = "status sortBy originType"
COPIED = f"{D} sourceRepository! destinationRepository! format! namespace package!"

# fmt: off
TABLE: tuple[Operation, ...] = (
    operation(create_domain, "POST /v1/domain", "domain! | encryptionKey tags", domain),
    operation(describe_domain, "GET /v1/domain", D, domain),
    operation(delete_domain, "DELETE /v1/domain", D, domain),
    operation(list_domains, "POST /v1/domains", f"| {PAGE}", anything),
    operation(get_domain_permissions_policy, "GET /v1/domain/permissions/policy", D, domain),
    operation(put_domain_permissions_policy, "PUT /v1/domain/permissions/policy", f"| {D} policyRevision policyDocument!", domain),
    operation(delete_domain_permissions_policy, "DELETE /v1/domain/permissions/policy", f"{D} policyRevision", domain),
    operation(get_authorization_token, "POST /v1/authorization-token", f"{D} durationSeconds", domain),

    operation(create_repository, "POST /v1/repository", f"{R} | description upstreams tags", repository),
    operation(describe_repository, "GET /v1/repository", R, repository),
    operation(update_repository, "PUT /v1/repository", f"{R} | description upstreams", repository),
    operation(delete_repository, "DELETE /v1/repository", R, repository),
    operation(list_repositories, "POST /v1/repositories", f"repositoryPrefix {PAGE}", anything),
    operation(list_repositories_in_domain, "POST /v1/domain/repositories", f"{D} administratorAccount repositoryPrefix {PAGE}", domain),
    operation(associate_external_connection, "POST /v1/repository/external-connection", f"{R} externalConnection!", repository),
    operation(disassociate_external_connection, "DELETE /v1/repository/external-connection", f"{R} externalConnection!", repository),
    operation(get_repository_endpoint, "GET /v1/repository/endpoint", f"{R} format! endpointType", repository),
    operation(get_repository_permissions_policy, "GET /v1/repository/permissions/policy", R, repository),
    operation(put_repository_permissions_policy, "PUT /v1/repository/permissions/policy", f"{R} | policyRevision policyDocument!", repository),
    operation(delete_repository_permissions_policy, "DELETE /v1/repository/permissions/policies", f"{R} policyRevision", repository),

    operation(list_packages, "POST /v1/packages", f"{R} format namespace packagePrefix publish upstream {PAGE}", repository),
    operation(describe_package, "GET /v1/package", P, package),
    operation(put_package_origin_configuration, "POST /v1/package", f"{P} | restrictions!", package),
    operation(delete_package, "DELETE /v1/package", P, package),

    operation(list_package_versions, "POST /v1/package/versions", f"{P} {SIFTED} {PAGE}", package),
    operation(describe_package_version, "GET /v1/package/version", V, package),
    operation(list_package_version_assets, "POST /v1/package/version/assets", f"{V} {PAGE}", package),
    operation(list_package_version_dependencies, "POST /v1/package/version/dependencies", f"{V} nextToken", package),
    operation(get_package_version_readme, "GET /v1/package/version/readme", V, package),
    operation(get_package_version_asset, "GET /v1/package/version/asset", f"{V} asset! packageVersionRevision", package),
    operation(publish_package_version, "POST /v1/package/version/publish", f"{V} assetName! assetSHA256! unfinished", package, streams=True),
    operation(update_package_versions_status, "POST /v1/package/versions/update_status", f"{P} | versions! versionRevisions expectedStatus targetStatus!", package),
    operation(dispose_package_versions, "POST /v1/package/versions/dispose", f"{P} | versions! versionRevisions expectedStatus", package),
    operation(delete_package_versions, "POST /v1/package/versions/delete", f"{P} | versions! expectedStatus", package),
    operation(copy_package_versions, "POST /v1/package/versions/copy", f"{COPIED} | versions versionRevisions allowOverwrite includeFromUpstream", destination),

    operation(create_package_group, "POST /v1/package-group", f"{D} | packageGroup! contactInfo description tags", group),
    operation(describe_package_group, "GET /v1/package-group", f"{D} packageGroup!", group),
    operation(update_package_group, "PUT /v1/package-group", f"{D} | packageGroup! contactInfo description", group),
    operation(delete_package_group, "DELETE /v1/package-group", f"{D} packageGroup!", group),
    operation(update_package_group_origin_configuration, "PUT /v1/package-group-origin-configuration", f"{D} packageGroup! | restrictions=groupRestrictions addAllowedRepositories removeAllowedRepositories", group),
    operation(list_package_groups, "POST /v1/package-groups", f"{D} prefix {PAGE}", domain),
    operation(list_sub_package_groups, "POST /v1/package-groups/sub-groups", f"{D} packageGroup! {PAGE}", group),
    operation(list_allowed_repositories_for_group, "GET /v1/package-group-allowed-repositories", f"{D} packageGroup! originRestrictionType! {PAGE}", group),
    operation(list_associated_packages, "GET /v1/list-associated-packages", f"{D} packageGroup! preview {PAGE}", group),
    operation(get_associated_package_group, "GET /v1/get-associated-package-group", f"{D} format! namespace package!", associated_group),

    operation(tag_resource, "POST /v1/tag", "resourceArn! | tags!", tagged),
    operation(untag_resource, "POST /v1/untag", "resourceArn! | tagKeys!", tagged),
    operation(list_tags_for_resource, "POST /v1/tags", "resourceArn!", tagged),
)
# fmt: on

BY_ROUTE = {(each.method, each.path): each for each in TABLE}
BY_NAME = {each.name: each for each in TABLE}
