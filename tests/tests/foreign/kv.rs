//! `consul kv`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        kv_put_and_get_a_value,
        kv_get_detailed_shows_everything,
        kv_get_of_a_missing_key_fails,
        kv_get_recurse_lists_in_order,
        kv_get_keys_folds_at_the_separator,
        kv_passes_bytes_on,
        kv_put_takes_files_and_standard_input,
        kv_put_with_cas_needs_the_index,
        kv_put_takes_flags,
        kv_put_acquires_and_releases,
        kv_delete_deletes_one_or_all,
        kv_delete_with_cas_needs_the_index,
        kv_export_and_import_round_trip,
        kv_reads_what_our_client_wrote,
    ]
    .into()
}

async fn kv_put_and_get_a_value(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("with space/é+%");
    let said = server.run(["kv", "put", key, "a value"]).await?;
    ensure!(
        said == format!("Success! Data written to: {key}\n"),
        "{said}"
    );
    ensure!(server.run(["kv", "get", key]).await? == "a value\n");
    ensure!(server.run(["kv", "get", "-stale", key]).await? == "a value\n");
    server.run(["kv", "put", key]).await?;
    ensure!(
        server.run(["kv", "get", key]).await? == "\n",
        "an empty value"
    );
    let said = server.refused(["kv", "put", "/leading", "v"]).await?;
    ensure!(said.contains("must not begin with a '/'"), "{said}");
    Ok(())
}

async fn kv_get_detailed_shows_everything(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("k");
    server.run(["kv", "put", "-flags=42", key, "v"]).await?;
    let entry = server.client.kv().get(key).await?.unwrap_or_default();
    let index = entry.modify_index;
    let expected = format!(
        "CreateIndex      {index}\nFlags            42\nKey              {key}\n\
         LockIndex        0\nModifyIndex      {index}\nSession          -\nValue            v\n"
    );
    let shown = server.run(["kv", "get", "-detailed", key]).await?;
    ensure!(shown == expected, "{shown}");
    Ok(())
}

async fn kv_get_of_a_missing_key_fails(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("none");
    let said = server.refused(["kv", "get", key]).await?;
    ensure!(said == format!("Error! No key exists at: {key}"), "{said}");
    ensure!(server.run(["kv", "get", "-recurse", key]).await?.is_empty());
    ensure!(server.run(["kv", "get", "-keys", key]).await?.is_empty());
    Ok(())
}

async fn fill(server: &Subject<Server>) -> anyhow::Result<()> {
    for name in ["t/b", "t/a/2", "t/a/1", "t2"] {
        server.run(["kv", "put", &server.key(name), name]).await?;
    }
    Ok(())
}

/// The names as lines, each under the prefix of the trial.
fn lines(server: &Subject<Server>, names: &[&str]) -> String {
    let lines = names.iter().map(|name| server.key(name) + "\n");
    lines.collect()
}

async fn kv_get_recurse_lists_in_order(server: &Subject<Server>) -> anyhow::Result<()> {
    fill(server).await?;
    let listed = server
        .run(["kv", "get", "-recurse", &server.key("t/")])
        .await?;
    let expected = lines(server, &["t/a/1:t/a/1", "t/a/2:t/a/2", "t/b:t/b"]);
    ensure!(listed == expected, "{listed}");
    let prefix = server.key("t/a/");
    let detailed = server
        .run(["kv", "get", "-recurse", "-detailed", &prefix])
        .await?;
    ensure!(detailed.matches("ModifyIndex ").count() == 2, "{detailed}");
    Ok(())
}

async fn kv_get_keys_folds_at_the_separator(server: &Subject<Server>) -> anyhow::Result<()> {
    fill(server).await?;
    let prefix = &server.key("t");
    let folded = server.run(["kv", "get", "-keys", prefix]).await?;
    ensure!(folded == lines(server, &["t/", "t2"]), "{folded}");
    let all = server
        .run(["kv", "get", "-keys", "-separator=", prefix])
        .await?;
    ensure!(
        all == lines(server, &["t/a/1", "t/a/2", "t/b", "t2"]),
        "{all}"
    );
    let other = server
        .run(["kv", "get", "-keys", "-separator=a/", prefix])
        .await?;
    ensure!(other == lines(server, &["t/a/", "t/b", "t2"]), "{other}");
    Ok(())
}

async fn kv_passes_bytes_on(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("k");
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let put = server.consul(["kv", "put", key, "-"])?.input(bytes.clone());
    ensure!(put.run().await?.code == 0);
    let got = server.consul(["kv", "get", key])?.run().await?.bytes;
    ensure!(got.strip_suffix(b"\n") == Some(&bytes[..]), "{got:?}");
    server.run(["kv", "put", "-base64", key, "AAH/"]).await?;
    ensure!(server.run(["kv", "get", "-base64", key]).await? == "AAH/\n");
    let entry = server.client.kv().get(key).await?.unwrap_or_default();
    ensure!(entry.value[..] == [0, 1, 255]);
    Ok(())
}

async fn kv_put_takes_files_and_standard_input(server: &Subject<Server>) -> anyhow::Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "from a file\n")?;
    let (key, argument) = (&server.key("k"), format!("@{}", file.path().display()));
    server.run(["kv", "put", key, &argument]).await?;
    ensure!(server.run(["kv", "get", key]).await? == "from a file\n\n");
    Ok(())
}

async fn kv_put_with_cas_needs_the_index(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("k");
    server.run(["kv", "put", key, "1"]).await?;
    let entry = server.client.kv().get(key).await?.unwrap_or_default();
    let index = format!("-modify-index={}", entry.modify_index);
    let said = server
        .refused(["kv", "put", "-cas", "-modify-index=1", key, "2"])
        .await?;
    ensure!(
        said == format!("Error! Did not write to {key}: CAS failed"),
        "{said}"
    );
    server.run(["kv", "put", "-cas", &index, key, "2"]).await?;
    server
        .refused(["kv", "put", "-cas", &index, key, "3"])
        .await?;
    ensure!(server.run(["kv", "get", key]).await? == "2\n");
    Ok(())
}

async fn kv_put_takes_flags(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("k");
    server
        .run(["kv", "put", "-flags=18446744073709551615", key, "v"])
        .await?;
    let entry = server.client.kv().get(key).await?.unwrap_or_default();
    ensure!(entry.flags == u64::MAX);
    Ok(())
}

async fn kv_put_acquires_and_releases(server: &Subject<Server>) -> anyhow::Result<()> {
    let (key, sessions) = (&server.key("k"), server.client.session());
    let request = quorate_consul::SessionRequest::new();
    let (mine, other) = (
        sessions.create(&request).await?,
        sessions.create(&request).await?,
    );
    let [mine, other] = [mine, other].map(|id| format!("-session={id}"));
    server
        .run(["kv", "put", "-acquire", &mine, key, "mine"])
        .await?;
    let said = server
        .refused(["kv", "put", "-acquire", &other, key, "other"])
        .await?;
    ensure!(said == "Error! Did not acquire lock", "{said}");
    let shown = server.run(["kv", "get", "-detailed", key]).await?;
    ensure!(
        shown.contains(mine.trim_start_matches("-session=")),
        "{shown}"
    );
    let said = server
        .refused(["kv", "put", "-release", &other, key])
        .await?;
    ensure!(said == "Error! Did not release lock", "{said}");
    server.run(["kv", "put", "-release", &mine, key]).await?;
    let said = server
        .refused(["kv", "put", "-acquire", "-session=abc", key, "v"])
        .await?;
    ensure!(said.contains("UUID must be 36 characters"), "{said}");
    Ok(())
}

async fn kv_delete_deletes_one_or_all(server: &Subject<Server>) -> anyhow::Result<()> {
    fill(server).await?;
    let key = &server.key("t/b");
    let said = server.run(["kv", "delete", key]).await?;
    ensure!(said == format!("Success! Deleted key: {key}\n"), "{said}");
    let prefix = &server.key("t/");
    let said = server.run(["kv", "delete", "-recurse", prefix]).await?;
    ensure!(
        said == format!("Success! Deleted keys with prefix: {prefix}\n"),
        "{said}"
    );
    let left = server.client.kv().keys(server.prefix(), None).await?;
    ensure!(left == [server.key("t2")], "{left:?}");
    server.run(["kv", "delete", &server.key("none")]).await?;
    Ok(())
}

async fn kv_delete_with_cas_needs_the_index(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = &server.key("k");
    server.run(["kv", "put", key, "1"]).await?;
    let said = server
        .refused(["kv", "delete", "-cas", "-modify-index=1", key])
        .await?;
    ensure!(
        said == format!("Error! Did not delete key {key}: CAS failed"),
        "{said}"
    );
    let entry = server.client.kv().get(key).await?.unwrap_or_default();
    let index = format!("-modify-index={}", entry.modify_index);
    server.run(["kv", "delete", "-cas", &index, key]).await?;
    ensure!(server.client.kv().get(key).await?.is_none());
    Ok(())
}

async fn kv_export_and_import_round_trip(server: &Subject<Server>) -> anyhow::Result<()> {
    let prefix = &server.key("t/");
    let values: [(&str, Vec<u8>, u64); 4] = [
        ("t/a", b"text".to_vec(), 0),
        ("t/bytes", (0..=u8::MAX).collect(), u64::MAX),
        ("t/empty", Vec::new(), 7),
        ("t/odd <&> \"é\" ☃", b"<&>".to_vec(), 1),
    ];
    for (name, value, flags) in &values {
        let options = quorate_consul::PutOptions::new().with_flags(*flags);
        let kv = server.client.kv();
        ensure!(
            kv.put_with(&server.key(name), value.clone(), &options)
                .await?
        );
    }
    let exported = server.run(["kv", "export", prefix]).await?;
    server.run(["kv", "delete", "-recurse", prefix]).await?;
    let import = server
        .consul(["kv", "import", "-"])?
        .input(exported.clone());
    let imported = import.run().await?;
    ensure!(
        imported.stdout.matches("Imported: ").count() == 4,
        "{imported:?}"
    );
    ensure!(
        server.run(["kv", "export", prefix]).await? == exported,
        "{exported}"
    );
    for (name, value, flags) in &values {
        let entry = server
            .client
            .kv()
            .get(&server.key(name))
            .await?
            .unwrap_or_default();
        ensure!(entry.value == *value && entry.flags == *flags, "{entry:?}");
    }
    Ok(())
}

async fn kv_reads_what_our_client_wrote(server: &Subject<Server>) -> anyhow::Result<()> {
    let kv = server.coordinator.kv();
    quorate::KvExt::put(&kv, &server.key("k"), "from the unified layer").await?;
    let got = server.run(["kv", "get", &server.key("k")]).await?;
    ensure!(got == "from the unified layer\n", "{got}");
    server
        .run(["kv", "put", &server.key("k"), "and back"])
        .await?;
    let entry = quorate::KvExt::get(&kv, &server.key("k")).await?;
    ensure!(entry.is_some_and(|entry| entry.text() == Some("and back")));
    Ok(())
}
