"""Whether an S3 bucket is open to everyone, as far as the store tells."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from assay.errors import InputError

_EVERYONE = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_NOTHING_SET = frozenset({"NoSuchPublicAccessBlockConfiguration", "NoSuchBucketPolicy"})
_NO_BUCKET = frozenset({"NoSuchBucket", "404"})


def refuse_public(store: Any, bucket: str) -> None:
    """Raises InputError where everyone may read from `bucket` by its policy or its ACL, or where that can't be learned.

    A bucket whose public access is blocked altogether isn't asked further. Credentials need
    s3:GetBucketPublicAccessBlock, or else s3:GetBucketPolicyStatus and s3:GetBucketAcl.
    """
    blocked: Mapping[str, bool] = {}
    refused: list[str] = []

    def asked(action: str, call: Callable[..., Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            return call(Bucket=bucket)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _NO_BUCKET:
                raise InputError(
                    f"s3://{bucket}: there is no such bucket (NoSuchBucket). Make it, or name another in `publish`"
                ) from error
            if code not in _NOTHING_SET:
                refused.append(f"s3:{action}: {code}")
            return {}

    found = asked("GetBucketPublicAccessBlock", store.get_public_access_block)
    blocked = found.get("PublicAccessBlockConfiguration", {})
    if blocked.get("RestrictPublicBuckets") and blocked.get("IgnorePublicAcls"):
        return
    refused.clear()  # the two that follow tell as much
    policy = asked("GetBucketPolicyStatus", store.get_bucket_policy_status)
    grants = asked("GetBucketAcl", store.get_bucket_acl).get("Grants", [])
    why = []
    if policy.get("PolicyStatus", {}).get("IsPublic") and not blocked.get("RestrictPublicBuckets"):
        why.append("its policy lets everyone in")
    everyone = any(grant.get("Grantee", {}).get("URI") in _EVERYONE for grant in grants)
    if everyone and not blocked.get("IgnorePublicAcls"):
        why.append("its ACL lets everyone in")
    if why:
        raise InputError(
            f"s3://{bucket}: is public: {' and '.join(why)}. Nothing was put there. Block public access to it, or name another"
            " bucket in `publish`; with `publish: {may_be_public: true}` the report goes there all the same"
        )
    if refused:
        raise InputError(
            f"s3://{bucket}: it can't be learned whether it is public ({', '.join(refused)}). Nothing was put there. Let your"
            " credentials read its settings (s3:GetBucketPublicAccessBlock), or say `publish: {may_be_public: true}`"
        )
