//! A store into which nothing was ever written.

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c01_a_read_of_an_empty_store_is_404_with_index_1 needs [ALONE],
        c02_only_the_root_lists_no_keys_with_200 needs [ALONE],
    ]
    .into()
}

async fn c01_a_read_of_an_empty_store_is_404_with_index_1(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let empty = consul.alone().await?;
    let answer = empty.expect("GET", "/v1/kv/none", "", (404, "")).await?;
    equal("index", index_of(&answer)?, 1)?;
    equal(
        "leader",
        answer.header("X-Consul-KnownLeader"),
        Some("true"),
    )?;
    equal("contact", answer.header("X-Consul-LastContact"), Some("0"))
}

async fn c02_only_the_root_lists_no_keys_with_200(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let empty = consul.alone().await?;
    for (target, expected) in [
        ("/v1/kv/?keys", (200, "[]")),
        ("/v1/kv/?keys&separator=/", (200, "[]")),
        ("/v1/kv/?recurse", (404, "")),
        ("/v1/kv/a/?keys", (404, "")),
        ("/v1/kv/a/?recurse", (404, "")),
    ] {
        let answer = empty.expect("GET", target, "", expected).await?;
        equal(target, index_of(&answer)?, 1)?;
    }
    Ok(())
}
