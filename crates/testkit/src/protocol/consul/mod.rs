//! Consul's HTTP API: keys, transactions, sessions, blocking queries, and what stands around them.
//!
//! The numbers in the names (`c03_…`) are those of the list of facts that were checked on the real
//! 1.8.7 before any of this was written; cases without a number are further rules.

mod acl;
mod acl_enforced;
mod agent_check;
mod agent_itself;
mod agent_maintenance;
mod agent_mesh;
mod agent_service;
mod agent_typed;
mod blocking;
mod cached;
mod catalog;
mod catalog_register;
mod catalog_service;
mod check_runner;
mod check_runner_grpc;
mod config_entry;
mod connect_ca;
mod coordinate;
mod decoding;
mod discovery_chain;
mod empty;
mod endpoint;
mod event;
mod filter;
mod health_service;
mod http;
mod index_table;
mod intention;
mod kv;
mod listing;
mod lock;
mod lock_delay;
mod operator;
mod plan;
mod plan_all;
mod precondition;
mod prepared_query;
mod query_template;
mod recorded;
mod replay;
mod service_index;
mod session;
mod session_checks;
mod session_ttl;
mod snapshot;
mod status;
mod target;
mod tombstone;
mod txn;
mod txn_catalog;
mod txn_verbs;

pub use endpoint::ENDPOINTS;
pub use target::{ALONE, Consul, MESH, PROXIES, STREAKS};

use crate::trial::Case;

/// Every case.
pub fn cases() -> Vec<Case<Consul>> {
    let tables: Vec<Vec<Case<Consul>>> = vec![
        // The long ones first, so that they run beside the others.
        agent_check::cases(),
        session_ttl::cases(),
        lock_delay::cases(),
        blocking::cases(),
        plan::cases(),
        plan_all::cases(),
        index_table::cases(),
        recorded::cases(),
        empty::cases(),
        session_checks::cases(),
        kv::cases(),
        listing::cases(),
        precondition::cases(),
        tombstone::cases(),
        lock::cases(),
        session::cases(),
        txn::cases(),
        txn_verbs::cases(),
        http::cases(),
        endpoint::cases(),
        acl::cases(),
        acl_enforced::cases(),
        status::cases(),
        operator::cases(),
        catalog::cases(),
        cached::cases(),
        catalog_service::cases(),
        catalog_register::cases(),
        health_service::cases(),
        service_index::cases(),
        txn_catalog::cases(),
        decoding::cases(),
        agent_service::cases(),
        agent_mesh::cases(),
        agent_itself::cases(),
        agent_typed::cases(),
        agent_maintenance::cases(),
        check_runner::cases(),
        filter::cases(),
        event::cases(),
        coordinate::cases(),
        prepared_query::cases(),
        query_template::cases(),
        check_runner_grpc::cases(),
        config_entry::cases(),
        intention::cases(),
        connect_ca::cases(),
        discovery_chain::cases(),
        snapshot::cases(),
    ];
    tables.into_iter().flatten().collect()
}
