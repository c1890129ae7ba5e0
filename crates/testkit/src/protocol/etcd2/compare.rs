//! Writing and deleting on conditions.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_compare_and_swap_names_what_does_not_hold,
        a_compare_and_swap_keeps_the_making_and_drops_the_ttl,
        prev_exist_with_a_condition_is_a_compare_and_swap,
        an_index_of_0_is_no_condition,
        an_empty_prev_value_is_refused,
        a_condition_needs_a_file,
        a_compare_and_delete_names_what_does_not_hold,
        a_compare_and_delete_deletes,
        a_condition_in_the_body_of_a_delete_is_ignored,
        a_delete_ignores_prev_exist,
    ]
    .into()
}

async fn a_compare_and_swap_names_what_does_not_hold(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=one&ttl=1000", "201 set /f='one' ttl 1000 @A"),
            (
                "PUT f?prevValue=two value=x",
                "412 101 Compare failed ([two != one])",
            ),
            (
                "PUT f?prevIndex=1 value=x",
                "412 101 Compare failed ([1 != @A])",
            ),
            (
                "PUT f?prevIndex=1&prevValue=two value=x",
                "412 101 Compare failed ([two != one] [1 != @A])",
            ),
            (
                "PUT f?prevIndex=@A&prevValue=two value=x",
                "412 101 Compare failed ([two != one])",
            ),
            (
                "PUT f?prevIndex=1&prevValue=one value=x",
                "412 101 Compare failed ([1 != @A])",
            ),
        ])
        .await
}

async fn a_compare_and_swap_keeps_the_making_and_drops_the_ttl(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=one&ttl=1000", "201 set /f='one' ttl 1000 @A"),
            (
                "PUT f?prevIndex=@A&prevValue=one value=2",
                "200 compareAndSwap /f='2' @B/A was /f='one' ttl 1000 @A",
            ),
            (
                "PUT f?prevValue=2 value=3",
                "200 compareAndSwap /f='3' @C/A was /f='2' @B/A",
            ),
            (
                "PUT f?prevValue=3 ttl=1000",
                "200 compareAndSwap /f='' ttl 1000 @D/A was /f='3' @C/A",
            ),
            ("GET f", "200 get /f='' ttl 1000 @D/A"),
        ])
        .await
}

async fn prev_exist_with_a_condition_is_a_compare_and_swap(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?prevExist=true&prevValue=1 value=2",
                "200 compareAndSwap /f='2' @B/A was /f='1' @A",
            ),
            (
                "PUT f?prevExist=true&prevIndex=@B value=3",
                "200 compareAndSwap /f='3' @C/A was /f='2' @B/A",
            ),
            (
                "PUT f?prevExist=true&prevValue=9 value=4",
                "412 101 Compare failed ([9 != 3])",
            ),
        ])
        .await
}

async fn an_index_of_0_is_no_condition(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?prevIndex=0 value=2",
                "200 set /f='2' @B was /f='1' @A",
            ),
            (
                "PUT f?prevExist=true&prevIndex=0 value=3",
                "200 update /f='3' @C/B was /f='2' @B",
            ),
            ("PUT g?prevIndex=0 value=1", "201 set /g='1' @D"),
            ("DELETE f?prevIndex=0", "200 delete /f @E/B was /f='3' @C/B"),
        ])
        .await
}

async fn an_empty_prev_value_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=", "201 set /f='' @A"),
            (
                "PUT f prevValue=&value=x",
                r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#,
            ),
            (
                "PUT f?prevValue= value=x",
                r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#,
            ),
            (
                "DELETE f?prevValue=",
                r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#,
            ),
            (
                "GET f?prevValue=",
                r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#,
            ),
        ])
        .await
}

async fn a_condition_needs_a_file(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f?prevValue=1 value=x", "404 100 Key not found (/f)"),
            ("PUT f?prevIndex=5 value=x", "404 100 Key not found (/f)"),
            ("DELETE f?prevValue=1", "404 100 Key not found (/f)"),
            ("PUT d dir=true", "201 set /d/ @A"),
            ("PUT d?prevIndex=@A value=x", "403 102 Not a file (/d)"),
            ("PUT d?prevValue=x value=y", "403 102 Not a file (/d)"),
            ("DELETE d?prevIndex=@A", "403 102 Not a file (/d)"),
            ("DELETE d?prevValue=x", "403 102 Not a file (/d)"),
            ("DELETE d?prevIndex=@A&dir=true", "403 102 Not a file (/d)"),
            (
                "DELETE d?prevIndex=@A&recursive=true",
                "403 102 Not a file (/d)",
            ),
        ])
        .await
}

async fn a_compare_and_delete_names_what_does_not_hold(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("DELETE f?prevValue=2", "412 101 Compare failed ([2 != 1])"),
            ("DELETE f?prevIndex=1", "412 101 Compare failed ([1 != @A])"),
            (
                "DELETE f?prevValue=2&prevIndex=1",
                "412 101 Compare failed ([2 != 1] [1 != @A])",
            ),
            (
                "DELETE f?prevIndex=@A&prevValue=2",
                "412 101 Compare failed ([2 != 1])",
            ),
            ("GET f", "200 get /f='1' @A"),
        ])
        .await
}

async fn a_compare_and_delete_deletes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "DELETE f?prevIndex=@A&prevValue=1",
                "200 compareAndDelete /f @B/A was /f='1' @A",
            ),
            ("DELETE f?prevValue=1", "404 100 Key not found (/f)"),
            ("PUT f value=3", "201 set /f='3' @C"),
            (
                "DELETE f?prevValue=3",
                "200 compareAndDelete /f @D/C was /f='3' @C",
            ),
            ("PUT f value=4", "201 set /f='4' @E"),
            (
                "DELETE f?prevIndex=@E",
                "200 compareAndDelete /f @F/E was /f='4' @E",
            ),
        ])
        .await
}

async fn a_condition_in_the_body_of_a_delete_is_ignored(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "DELETE f prevValue=nonsense",
                "200 delete /f @B/A was /f='1' @A",
            ),
            ("PUT f value=1", "201 set /f='1' @C"),
            (
                "DELETE f?prevValue=1 prevValue=nonsense",
                "200 compareAndDelete /f @D/C was /f='1' @C",
            ),
        ])
        .await
}

async fn a_delete_ignores_prev_exist(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "DELETE f?prevExist=false",
                "200 delete /f @B/A was /f='1' @A",
            ),
            ("DELETE f?prevExist=false", "404 100 Key not found (/f)"),
        ])
        .await
}
