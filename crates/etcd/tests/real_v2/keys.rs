//! Keys.

use std::time::Duration;

use anyhow::ensure;
use quorate_etcd::v2::{Action, Condition, ErrorCode, ErrorKind, SetOptions};
use quorate_testkit::eventually;
use quorate_testkit::server::EtcdVersion;

use crate::{Outcome, SOON, Trial};

pub(crate) async fn values_and_keys_of_every_kind_are_read_back(etcd: &Trial) -> Outcome {
    let keys = etcd.client.keys();
    let values = [
        "",
        "a b+c&d=e%f;g",
        "<>\"\\\u{2028}\t\r\n\u{8}\u{c}\u{1}\u{7f}é☃🦀",
        "\u{fffd}",
    ];
    for value in values {
        keys.set(&etcd.key("value"), value).await?;
        let found = keys
            .get(&etcd.key("value"))
            .await?
            .and_then(|node| node.value);
        ensure!(
            found.as_deref() == Some(value),
            "{value:?} became {found:?}"
        );
    }
    for name in ["a b", "%2F", "?q#f", "é☃🦀", "+;&=", "a//./b/../c/"] {
        let set = keys.set(&etcd.key(name), name).await?;
        let found = keys.get(&set.key).await?.and_then(|node| node.value);
        ensure!(found.as_deref() == Some(name), "{name:?} became {found:?}");
    }
    let large = "x".repeat(2 << 20);
    keys.set(&etcd.key("large"), &large).await?;
    let found = keys
        .get(&etcd.key("large"))
        .await?
        .and_then(|node| node.value);
    ensure!(found.as_deref() == Some(&*large));
    Ok(())
}

pub(crate) async fn each_way_to_write_decides_as_documented(etcd: &Trial) -> Outcome {
    let (keys, key) = (etcd.client.keys(), etcd.key("k"));
    let kind = |error: quorate_etcd::v2::Error| error.kind();
    ensure!(keys.update(&key, "x").await.map_err(kind).err() == Some(ErrorKind::NotFound));
    let created = keys.create(&key, "one").await?;
    ensure!(keys.create(&key, "x").await.map_err(kind).err() == Some(ErrorKind::AlreadyExists));
    let updated = keys.update(&key, "two").await?;
    ensure!(
        updated.created_index == created.created_index,
        "an update keeps it"
    );
    let answer = keys.set_with(&key, "three", &SetOptions::new()).await?;
    let event = answer.value;
    ensure!(event.action == Action::Set && !event.is_created());
    ensure!(event.prev_node.and_then(|node| node.value).as_deref() == Some("two"));
    let silent = SetOptions::new().with_no_value_on_success();
    let event = keys.set_with(&key, "four", &silent).await?.value;
    ensure!(event.node.is_none() && event.action == Action::Set);
    let gone = keys.delete(&key).await?;
    ensure!(gone.and_then(|node| node.value).as_deref() == Some("four"));
    ensure!(keys.get(&key).await?.is_none() && !keys.contains(&key).await?);
    Ok(())
}

pub(crate) async fn directories_are_made_listed_and_deleted(etcd: &Trial) -> Outcome {
    let (keys, dir) = (etcd.client.keys(), etcd.key("d"));
    ensure!(keys.ensure_dir(&dir).await? && !keys.ensure_dir(&dir).await?);
    for name in ["b", "a", "_hidden", "sub/x"] {
        keys.set(&format!("{dir}/{name}"), name).await?;
    }
    let listed = keys.list(&dir).await?;
    let names: Vec<_> = listed.iter().map(|node| node.name()).collect();
    ensure!(names == ["a", "b", "sub"], "{names:?}");
    let tree = keys.tree(&dir).await?.expect("it is there");
    let files: Vec<_> = tree
        .files()
        .filter_map(|node| node.value.as_deref())
        .collect();
    ensure!(files == ["a", "b", "sub/x"], "{files:?}");
    ensure!(keys.list(&etcd.key("none")).await?.is_empty());
    let error = keys.delete(&dir).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFile);
    let error = keys.delete_dir(&dir).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::DirectoryNotEmpty);
    keys.delete_tree(&dir).await?;
    ensure!(!keys.contains(&dir).await?);
    let brief = etcd.key("brief");
    keys.create_dir_for(&brief, Duration::from_secs(600))
        .await?;
    let refreshed = keys.refresh(&brief, Duration::from_secs(1200)).await;
    match etcd.version {
        EtcdVersion::V3_4 => {
            let ttl = refreshed?.ttl;
            ensure!(ttl.is_some_and(|ttl| (1100..=1200).contains(&ttl)));
        }
        _ => ensure!(refreshed.unwrap_err().kind() == ErrorKind::NotFile),
    }
    Ok(())
}

pub(crate) async fn conditions_decide(etcd: &Trial) -> Outcome {
    let (keys, key) = (etcd.client.keys(), etcd.key("k"));
    let first = keys.set(&key, "one").await?;
    let error = keys
        .compare_and_swap(&key, "x", &Condition::value("two"))
        .await
        .unwrap_err();
    ensure!(error.kind() == ErrorKind::CompareFailed, "{error}");
    ensure!(error.cause() == Some("[two != one]"), "{error}");
    let both = Condition::value("one").and_index(first.modified_index);
    keys.compare_and_swap(&key, "two", &both).await?;
    let error = keys.compare_and_delete(&key, &both).await.unwrap_err();
    ensure!(error.code() == Some(ErrorCode::TestFailed));
    keys.compare_and_delete(&key, &Condition::value("two"))
        .await?;
    ensure!(!keys.contains(&key).await?);
    Ok(())
}

pub(crate) async fn a_ttl_is_kept_renewed_and_ends(etcd: &Trial) -> Outcome {
    let (keys, key) = (etcd.client.keys(), etcd.key("k"));
    let options = SetOptions::new().with_ttl(Duration::from_secs(60));
    keys.set_with(&key, "v", &options).await?;
    let renewed = keys.refresh(&key, Duration::from_secs(600)).await?;
    ensure!(
        renewed.ttl.is_some_and(|ttl| (500..=600).contains(&ttl))
            && renewed.value.as_deref() == Some("v"),
        "{renewed:?}"
    );
    keys.refresh(&key, Duration::from_secs(1)).await?;
    let gone = || async {
        keys.get(&key)
            .await
            .is_ok_and(|node| node.is_none())
            .then_some(())
    };
    eventually(SOON, "the key is gone", gone).await?;
    Ok(())
}

pub(crate) async fn keys_in_order_sort_in_the_order_of_their_making(etcd: &Trial) -> Outcome {
    let (keys, dir) = (etcd.client.keys(), etcd.key("q"));
    for value in ["a", "b", "c"] {
        keys.create_in_order(&dir, value).await?;
    }
    let nodes = keys.in_order(&dir).await?;
    let values: Vec<_> = nodes
        .iter()
        .filter_map(|node| node.value.as_deref())
        .collect();
    ensure!(values == ["a", "b", "c"], "{values:?}");
    Ok(())
}

pub(crate) async fn what_a_key_tells_of_its_refusal(etcd: &Trial) -> Outcome {
    let keys = etcd.client.keys();
    let file = keys.set(&etcd.key("file"), "v").await?.key;
    let error = keys.set(&format!("{file}/below"), "v").await.unwrap_err();
    ensure!(
        error.kind() == ErrorKind::NotDirectory && error.cause() == Some(&*file),
        "{error}"
    );
    ensure!(
        error.status() == Some(400) && error.index() > Some(0),
        "{error:?}"
    );
    let error = keys.set("/", "v").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::RootReadOnly, "{error}");
    let error = keys.delete(&etcd.key("none")).await.unwrap_err();
    ensure!(error.code() == Some(ErrorCode::KeyNotFound), "{error}");
    Ok(())
}
