//! Access rules: what a policy says, and who may do what.
//!
//! [`rules`] reads the text of a policy, in HCL or JSON, in the new syntax or the legacy one.
//! [`Authorizer`] merges the rules of all policies of a token once, and then answers without
//! parsing anything. Nothing in here knows of requests, tokens or time.

mod access;
mod authorizer;
mod compile;
mod decode;
mod hcl;
mod identity;
mod json;
pub(crate) mod rules;
mod translate;
mod tree;

pub(crate) use access::Access;
pub(crate) use authorizer::{Authorizer, Fallback};
pub(crate) use compile::Compiler;
pub(crate) use hcl::to_object;
pub(crate) use identity::{node_rules, service_rules};
pub(crate) use rules::{Resource, Rule, Rules};
pub(crate) use translate::translate;
