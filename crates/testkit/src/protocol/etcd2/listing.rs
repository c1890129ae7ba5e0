//! Reading directories.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_listing_has_one_level_and_a_recursive_one_all,
        an_empty_directory_has_no_nodes,
        a_sorted_listing_is_in_the_order_of_bytes_at_every_level,
        a_file_is_read_whatever_is_asked,
        what_is_hidden_is_listed_nowhere_above_it,
        what_is_hidden_is_read_by_its_path,
    ]
    .into()
}

async fn a_listing_has_one_level_and_a_recursive_one_all(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d/s/t/f value=1", "201 set /d/s/t/f='1' @A"),
            ("GET d", "200 get /d/ @A {/d/s/ @A}"),
            ("GET d/s", "200 get /d/s/ @A {/d/s/t/ @A}"),
            (
                "GET d?recursive=true",
                "200 get /d/ @A {/d/s/ @A {/d/s/t/ @A {/d/s/t/f='1' @A}}}",
            ),
        ])
        .await
}

async fn an_empty_directory_has_no_nodes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            ("GET d", "200 get /d/ @A"),
            ("GET d?recursive=true", "200 get /d/ @A"),
        ])
        .await
}

async fn a_sorted_listing_is_in_the_order_of_bytes_at_every_level(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("PUT d/b/2 value=", "201 set /d/b/2='' @A"),
        ("PUT d/b/1 value=", "201 set /d/b/1='' @B"),
        ("PUT d/a value=", "201 set /d/a='' @C"),
        ("PUT d/B value=", "201 set /d/B='' @D"),
        ("PUT d/b-a value=", "201 set /d/b-a='' @E"),
        ("PUT d/b0 value=", "201 set /d/b0='' @F"),
        ("PUT d/10 value=", "201 set /d/10='' @G"),
        ("PUT d/9 value=", "201 set /d/9='' @H"),
        ("GET d?sorted=true", "200 get /d/ @A {/d/10='' @G, /d/9='' @H, /d/B='' @D, /d/a='' @C, /d/b/ @A, /d/b-a='' @E, /d/b0='' @F}"),
        ("GET d?sorted=true&recursive=true", "200 get /d/ @A {/d/10='' @G, /d/9='' @H, /d/B='' @D, /d/a='' @C, /d/b/ @A {/d/b/1='' @B, /d/b/2='' @A}, /d/b-a='' @E, /d/b0='' @F}"),
    ]).await
}

async fn a_file_is_read_whatever_is_asked(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("GET f?recursive=true&sorted=true", "200 get /f='1' @A"),
            ("GET f?dir=true", "200 get /f='1' @A"),
            ("GET f?quorum=true&recursive=true", "200 get /f='1' @A"),
        ])
        .await
}

async fn what_is_hidden_is_listed_nowhere_above_it(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d/_h value=1", "201 set /d/_h='1' @A"),
            ("PUT d/v value=1", "201 set /d/v='1' @B"),
            ("PUT d/_s/in value=1", "201 set /d/_s/in='1' @C"),
            ("PUT d/s/_in value=1", "201 set /d/s/_in='1' @D"),
            ("PUT d/s/x_y value=1", "201 set /d/s/x_y='1' @E"),
            (
                "GET d?recursive=true&sorted=true",
                "200 get /d/ @A {/d/s/ @D {/d/s/x_y='1' @E}, /d/v='1' @B}",
            ),
            (
                "GET d?sorted=true",
                "200 get /d/ @A {/d/s/ @D, /d/v='1' @B}",
            ),
            ("GET d/s?sorted=true", "200 get /d/s/ @D {/d/s/x_y='1' @E}"),
        ])
        .await
}

async fn what_is_hidden_is_read_by_its_path(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d/_h value=1", "201 set /d/_h='1' @A"),
            ("PUT d/_s/in value=1", "201 set /d/_s/in='1' @B"),
            ("GET d/_h", "200 get /d/_h='1' @A"),
            ("GET d/_s", "200 get /d/_s/ @B {/d/_s/in='1' @B}"),
            (
                "GET d/_s?recursive=true",
                "200 get /d/_s/ @B {/d/_s/in='1' @B}",
            ),
            ("GET d/_s/in", "200 get /d/_s/in='1' @B"),
            ("POST d/_q value=1", "201 create /d/_q/#C='1' @C"),
            ("GET d/_q", "200 get /d/_q/ @C {/d/_q/#C='1' @C}"),
            ("DELETE d?dir=true", "403 108 Directory not empty (/d)"),
            ("DELETE d?recursive=true", "200 delete /d/ @D/A was /d/ @A"),
            ("GET d/_h", "404 100 Key not found (/d)"),
        ])
        .await
}
