//! Which paths and methods there are.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        keys_take_five_methods_and_the_rest_is_405,
        what_is_not_there_is_404_in_words,
        other_paths_of_members_are_404_in_json,
        each_endpoint_refuses_other_methods,
        options_is_200_and_empty_everywhere,
    ]
    .into()
}

async fn keys_take_five_methods_and_the_rest_is_405(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PATCH f value=1", "405 Method Not Allowed"),
            ("OPTIONS f", "200"),
            ("PROPFIND f", "405 Method Not Allowed"),
            ("FOO f", "405 Method Not Allowed"),
            ("put f value=1", "405 Method Not Allowed"),
        ])
        .await
}

async fn what_is_not_there_is_404_in_words(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("GET :/", "404 404 page not found"),
            ("GET :/v2", "404 404 page not found"),
            ("GET :/v2/", "404 404 page not found"),
            ("GET :/v2/keysfoo", "404 404 page not found"),
            ("GET :/v2/stats", "404 404 page not found"),
            ("GET :/v2/stats/", "404 404 page not found"),
            ("GET :/v2/stats/nothing", "404 404 page not found"),
            ("GET :/v2/machines/", "404 404 page not found"),
            ("GET :/v2/auth", "404 404 page not found"),
            ("GET :/v2/auth/", "404 404 page not found"),
            ("GET :/v2/auth/x", "404 404 page not found"),
            ("GET :/version/", "404 404 page not found"),
            ("GET :/health/", "404 404 page not found"),
            ("GET :/v1/keys/x", "404 404 page not found"),
            ("GET :/v2/leader", "404 404 page not found"),
            ("GET :/v2/admin/machines", "404 404 page not found"),
        ])
        .await
}

async fn other_paths_of_members_are_404_in_json(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("GET :/v2/members/x", "404: Not found"),
            ("GET :/v2/members/leader/", "404: Not found"),
            ("GET :/v2/members/1", "404: Not found"),
        ])
        .await
}

async fn each_endpoint_refuses_other_methods(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT :/v2/machines", "405 Method Not Allowed"),
            ("POST :/version", "405 Method Not Allowed"),
            ("HEAD :/version", "405"),
            ("PUT :/health", "405 Method Not Allowed"),
            ("HEAD :/health", "405"),
            ("POST :/v2/stats/self", "405 Method Not Allowed"),
            ("HEAD :/v2/stats/self", "405"),
            ("PUT :/v2/stats/leader", "405 Method Not Allowed"),
            ("DELETE :/v2/stats/store", "405 Method Not Allowed"),
            ("HEAD :/v2/members", "405"),
            ("PATCH :/v2/members", "405 Method Not Allowed"),
            ("DELETE :/version", "405 Method Not Allowed"),
            ("POST :/v2/auth/enable", "405 Method Not Allowed"),
            ("HEAD :/v2/auth/enable", "405"),
            ("POST :/v2/auth/users", "405 Method Not Allowed"),
            ("HEAD :/v2/auth/roles", "405"),
            ("DELETE :/v2/auth/users", "405 Method Not Allowed"),
            ("PUT :/v2/auth/roles", "405 Method Not Allowed"),
        ])
        .await
}

async fn options_is_200_and_empty_everywhere(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("OPTIONS :/v2/keys/f", "200"),
            ("OPTIONS :/v2/members", "200"),
            ("OPTIONS :/version", "200"),
            ("OPTIONS :/nothing", "200"),
        ])
        .await
}
