//! Directories.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_directory_has_no_value,
        a_set_over_a_directory_is_refused,
        a_directory_replaces_a_file,
        a_path_through_a_file_or_a_hole_names_it,
        the_root_is_read_only,
        a_compare_and_delete_of_the_root_is_no_file,
    ]
    .into()
}

async fn a_directory_has_no_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true&value=ignored", "201 set /d/ @A"),
            ("GET d", "200 get /d/ @A"),
            (
                "PUT e?prevExist=false dir=true&value=ignored&ttl=1000",
                "201 create /e/ ttl 1000 @B",
            ),
            ("GET e", "200 get /e/ ttl 1000 @B"),
        ])
        .await
}

async fn a_set_over_a_directory_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            ("PUT d value=x", "403 102 Not a file (/d)"),
            ("PUT d dir=true", "403 102 Not a file (/d)"),
            (
                "PUT d?prevExist=false dir=true",
                "412 105 Key already exists (/d)",
            ),
        ])
        .await
}

async fn a_directory_replaces_a_file(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f dir=true&ttl=1000",
                "200 set /f/ ttl 1000 @B was /f='1' @A",
            ),
            ("GET f", "200 get /f/ ttl 1000 @B"),
            ("PUT f/x value=1", "201 set /f/x='1' @C"),
        ])
        .await
}

async fn a_path_through_a_file_or_a_hole_names_it(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a/f value=1", "201 set /a/f='1' @A"),
            ("GET a/f/x", "400 104 Not a directory (/a/f)"),
            ("GET a/f/x/y", "400 104 Not a directory (/a/f)"),
            ("GET a/x/y/z", "404 100 Key not found (/a/x)"),
            ("PUT a/f/x value=1", "400 104 Not a directory (/a/f)"),
            (
                "PUT a/f/x/y?prevExist=false value=1",
                "400 104 Not a directory (/a/f)",
            ),
            (
                "PUT a/f/x?prevExist=true value=1",
                "400 104 Not a directory (/a/f)",
            ),
            (
                "PUT a/f/x?prevIndex=1 value=1",
                "400 104 Not a directory (/a/f)",
            ),
            ("POST a/f/x value=1", "400 104 Not a directory (/a/f)"),
            ("DELETE a/f/x", "400 104 Not a directory (/a/f)"),
            ("DELETE a/f/x?prevIndex=1", "400 104 Not a directory (/a/f)"),
            ("DELETE a/x/y", "404 100 Key not found (/a/x)"),
            ("DELETE a/x/y?prevIndex=1", "404 100 Key not found (/a/x)"),
            (
                "PUT a/x/y?prevExist=true value=1",
                "404 100 Key not found (/a/x)",
            ),
            (
                "PUT a/x/y?prevValue=1 value=1",
                "404 100 Key not found (/a/x)",
            ),
            (
                "PUT a/f/x refresh=true&ttl=1000",
                "400 104 Not a directory (/a/f)",
            ),
            (
                "PUT a/x/y refresh=true&ttl=1000",
                "404 100 Key not found (/a/x)",
            ),
        ])
        .await
}

async fn the_root_is_read_only(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT :/v2/keys/ value=x", "400 107 Root is read only (/)"),
            ("PUT :/v2/keys value=x", "400 107 Root is read only (/)"),
            ("PUT :/v2/keys/ dir=true", "400 107 Root is read only (/)"),
            (
                "PUT :/v2/keys/?prevExist=false dir=true",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevExist=true ttl=5",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevValue=x value=y",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevIndex=1 value=y",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/ refresh=true&ttl=1000",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevExist=true refresh=true&ttl=1000",
                "400 107 Root is read only (/)",
            ),
            ("DELETE :/v2/keys/", "400 107 Root is read only (/)"),
            (
                "DELETE :/v2/keys/?dir=true",
                "400 107 Root is read only (/)",
            ),
            (
                "DELETE :/v2/keys/?recursive=true",
                "400 107 Root is read only (/)",
            ),
        ])
        .await
}

async fn a_compare_and_delete_of_the_root_is_no_file(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("DELETE :/v2/keys/?prevIndex=1", "403 102 Not a file"),
            ("DELETE :/v2/keys/?prevValue=x", "403 102 Not a file"),
        ])
        .await
}
