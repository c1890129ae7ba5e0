//! Deleting.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_file_is_deleted_once,
        dir_and_recursive_delete_files_too,
        a_directory_needs_dir_and_a_full_one_recursive,
        hidden_children_count_as_content,
    ]
    .into()
}

async fn a_file_is_deleted_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&ttl=1000", "201 set /f='1' ttl 1000 @A"),
            ("DELETE f", "200 delete /f @B/A was /f='1' ttl 1000 @A"),
            ("DELETE f", "404 100 Key not found (/f)"),
            ("GET f", "404 100 Key not found (/f)"),
        ])
        .await
}

async fn dir_and_recursive_delete_files_too(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("DELETE f?dir=true", "200 delete /f @B/A was /f='1' @A"),
            ("PUT f value=1", "201 set /f='1' @C"),
            (
                "DELETE f?recursive=true",
                "200 delete /f @D/C was /f='1' @C",
            ),
        ])
        .await
}

async fn a_directory_needs_dir_and_a_full_one_recursive(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d/f value=1", "201 set /d/f='1' @A"),
            ("DELETE d", "403 102 Not a file (/d)"),
            ("DELETE d?dir=true", "403 108 Directory not empty (/d)"),
            ("DELETE d?recursive=true", "200 delete /d/ @B/A was /d/ @A"),
            ("PUT e dir=true", "201 set /e/ @C"),
            ("DELETE e", "403 102 Not a file (/e)"),
            ("DELETE e?dir=true", "200 delete /e/ @D/C was /e/ @C"),
            ("PUT e/f value=1", "201 set /e/f='1' @E"),
            (
                "DELETE e?recursive=true&dir=false",
                "200 delete /e/ @F/E was /e/ @E",
            ),
            ("DELETE e?recursive=true", "404 100 Key not found (/e)"),
        ])
        .await
}

async fn hidden_children_count_as_content(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT e/_h value=1", "201 set /e/_h='1' @A"),
            ("GET e", "200 get /e/ @A"),
            ("DELETE e?dir=true", "403 108 Directory not empty (/e)"),
            (
                "DELETE e?dir=true&recursive=true",
                "200 delete /e/ @B/A was /e/ @A",
            ),
            ("GET e/_h", "404 100 Key not found (/e)"),
        ])
        .await
}
