//! What the 500s of ACLs and of the operator's endpoints mean, by their texts.

use super::ErrorKind;

use ErrorKind::{
    AlreadyExists, Conflict, InvalidArgument, NotFound, PermissionDenied, Unauthenticated,
};

/// Texts and kinds, most telling first: the first that the body contains decides.
pub(super) const ROWS: &[(&str, ErrorKind)] = &[
    ("already exists", AlreadyExists),
    ("is already in use", AlreadyExists),
    ("cannot find auth method", NotFound),
    ("cannot find binding rule", NotFound),
    ("cannot find policy", NotFound),
    ("cannot find role", NotFound),
    ("Cannot find token", NotFound),
    ("No such policy", NotFound),
    ("No such ACL", NotFound),
    ("was not found in the Raft configuration", NotFound),
    ("Requested key is not in the keyring", NotFound),
    // What proves who logs in.
    ("error parsing token", Unauthenticated),
    ("validated the token signature", Unauthenticated),
    ("error validating claims", Unauthenticated),
    ("missing jwt", Unauthenticated),
    // What was asked for.
    ("Invalid Auth Method", InvalidArgument),
    ("nvalid Binding Rule", InvalidArgument),
    ("Invalid Policy", InvalidArgument),
    ("Invalid Role", InvalidArgument),
    ("Invalid Token", InvalidArgument),
    ("Invalid ACL Type", InvalidArgument),
    ("policy: &acl.", InvalidArgument),
    ("Failed to parse ACL rules", InvalidArgument),
    ("ACL rule compilation failed", InvalidArgument),
    ("Service identity", InvalidArgument),
    ("Node identity", InvalidArgument),
    ("MaxTokenTTL", InvalidArgument),
    ("ExpirationTime cannot", InvalidArgument),
    ("Token Expiration TTL", InvalidArgument),
    ("is immutable", InvalidArgument),
    ("disallowed outside of Login", InvalidArgument),
    ("Rules cannot be specified", InvalidArgument),
    ("does not have any rules set", InvalidArgument),
    ("Delete operation not permitted", InvalidArgument),
    (
        "Deletion of the request's authorization token",
        InvalidArgument,
    ),
    ("Cannot change expiration time", InvalidArgument),
    ("cannot toggle local mode", InvalidArgument),
    ("Changing a tokens", InvalidArgument),
    ("keyring denied by ACLs", PermissionDenied),
    ("keyring denied due to ACLs", PermissionDenied),
    // Raft and the gossip encryption.
    ("Need at least one voter", Conflict),
    ("Removing the primary key is not allowed", InvalidArgument),
    ("illegal base64 data", InvalidArgument),
    ("key size must be", InvalidArgument),
];
