//! Members.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_member_is_refused_before_it_is_taken,
        an_unknown_member_is_404,
        a_member_is_changed_with_the_same_rules,
    ]
    .into()
}

async fn a_member_is_refused_before_it_is_taken(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "POST :/v2/members",
                "415: Bad Content-Type , accept application/json",
            ),
            (
                "POST :/v2/members text/plain|x",
                "415: Bad Content-Type text/plain, accept application/json",
            ),
            (
                "POST :/v2/members application/json|nonsense",
                "400: invalid character 'o' in literal null (expecting 'u')",
            ),
            (
                "POST :/v2/members application/json|{}",
                "400: no valid URLs given",
            ),
            (
                r#"POST :/v2/members application/json|{"peerURLs":[]}"#,
                "400: no valid URLs given",
            ),
            (
                r#"POST :/v2/members application/json|{"peerURLs":["nonsense"]}"#,
                "400: URL scheme must be http, https, unix, or unixs: nonsense",
            ),
            (
                r#"POST :/v2/members application/json|{"peerURLs":["http://127.0.0.1"]}"#,
                r#"400: URL address does not have the form "host:port": http://127.0.0.1"#,
            ),
            (
                r#"POST :/v2/members application/json|{"peerURLs":["ftp://127.0.0.1:1"]}"#,
                "400: URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1",
            ),
            (
                r#"POST :/v2/members application/json|{"peerURLs":["http://127.0.0.1:1/path"]}"#,
                "400: URL must not contain a path: http://127.0.0.1:1/path",
            ),
            (
                r#"POST :/v2/members/1 application/json|{"peerURLs":[]}"#,
                "400: no valid URLs given",
            ),
        ])
        .await
}

async fn an_unknown_member_is_404(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "DELETE :/v2/members/nonsense",
                "404: No such member: nonsense",
            ),
            ("DELETE :/v2/members/1", "404: No such member: 1"),
            ("DELETE :/v2/members/1/2", "404: No such member: 1/2"),
            (
                r#"PUT :/v2/members/1 application/json|{"peerURLs":["http://127.0.0.1:1"]}"#,
                "404: No such member: 1",
            ),
            (
                r#"PUT :/v2/members/nonsense application/json|{"peerURLs":["http://127.0.0.1:1"]}"#,
                "404: No such member: nonsense",
            ),
        ])
        .await
}

async fn a_member_is_changed_with_the_same_rules(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("DELETE :/v2/members", "405 Method Not Allowed"),
            ("DELETE :/v2/members/", "405 Method Not Allowed"),
            (
                r#"PUT :/v2/members application/json|{"peerURLs":["http://127.0.0.1:1"]}"#,
                "405 Method Not Allowed",
            ),
            (
                "PUT :/v2/members/1 text/plain|x",
                "415: Bad Content-Type text/plain, accept application/json",
            ),
            (
                "PUT :/v2/members/1 application/json|x",
                "400: invalid character 'x' looking for beginning of value",
            ),
            (
                r#"PUT :/v2/members/1 application/json|{"peerURLs":[]}"#,
                "400: no valid URLs given",
            ),
        ])
        .await
}
