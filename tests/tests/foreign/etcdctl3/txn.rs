//! `etcdctl txn`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::Etcd3;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        txn_does_one_of_two_lists,
        txn_compares_in_each_way,
        txn_asks_what_to_do,
        txn_is_refused_as_a_whole,
    ]
    .into()
}

async fn txn_does_one_of_two_lists(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (a, b) = (&etcd.key("a"), &etcd.key("b"));
    let txn = format!(
        "mod(\"{a}\") = \"0\"\n\nput {a} \"one two\"\nget {a}\nput {b} 1 --prev-kv\n\nget {b}\n\n"
    );
    let said = etcd.run_with(&["txn"], &txn).await?;
    ensure!(
        said == format!("SUCCESS\n\nOK\n\n{a}\none two\n\nOK\n"),
        "{said}"
    );
    let said = etcd.run_with(&["txn"], &txn).await?;
    ensure!(said == format!("FAILURE\n\n{b}\n1\n"), "{said}");
    let both: Vec<_> = [
        etcd.client.kv().get(a).await?,
        etcd.client.kv().get(b).await?,
    ]
    .into_iter()
    .flatten()
    .map(|found| found.mod_revision)
    .collect();
    ensure!(both.len() == 2 && both[0] == both[1], "{both:?}");
    let root = etcd.prefix();
    let txn = format!("\nget {root} --prefix --keys-only\ndel {root} --prefix --prev-kv\n\n\n");
    let said = etcd.run_with(&["txn"], &txn).await?;
    ensure!(
        said == format!("SUCCESS\n\n{a}\n\n{b}\n\n\n2\n{a}\none two\n{b}\n1\n"),
        "{said:?}"
    );
    Ok(())
}

async fn txn_compares_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (a, none) = (&etcd.key("a"), &etcd.key("none"));
    let first = etcd.client.kv().put(a, "1").await?.header.revision;
    let revision = etcd.client.kv().put(a, "m").await?.header.revision;
    for (condition, holds) in [
        (format!("value(\"{a}\") = \"m\""), true),
        (format!("val(\"{a}\") != \"m\""), false),
        (format!("value(\"{a}\") > \"l\""), true),
        (format!("value(\"{a}\") < \"l\""), false),
        (format!("value(\"{none}\") != \"l\""), false),
        (format!("version(\"{a}\") = \"2\""), true),
        (format!("ver(\"{none}\") = \"0\""), true),
        (format!("create(\"{a}\") = \"{first}\""), true),
        (format!("c(\"{a}\") > \"{revision}\""), false),
        (format!("mod(\"{a}\") = \"{revision}\""), true),
        (format!("m(\"{none}\") > \"0\""), false),
    ] {
        let said = etcd
            .run_with(&["txn"], &format!("{condition}\n\n\n\n"))
            .await?;
        let expected = if holds { "SUCCESS\n" } else { "FAILURE\n" };
        ensure!(said == expected, "{condition}: {said}");
    }
    Ok(())
}

async fn txn_asks_what_to_do(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let a = &etcd.key("a");
    let txn = format!("ver(\"{a}\") > \"0\"\n\nget {a}\n\nput {a} 2\n\n");
    let said = etcd.run_with(&["txn", "-i"], &txn).await?;
    let asked = "compares:\nsuccess requests (get, put, del):\nfailure requests (get, put, del):\n";
    ensure!(said == format!("{asked}FAILURE\n\nOK\n"), "{said}");
    let json = etcd.run_with(&["txn", "-w", "json"], &txn).await?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    let got = &json["responses"][0]["Response"]["response_range"];
    ensure!(
        json["succeeded"] == true && got["kvs"][0]["value"] == "Mg==",
        "{json}"
    );
    let fields = etcd.run_with(&["txn", "-w", "fields"], &txn).await?;
    ensure!(
        fields.contains("\"Succeeded\" : true\n") && fields.contains("\"Value\" : \"2\"\n"),
        "{fields}"
    );
    Ok(())
}

async fn txn_is_refused_as_a_whole(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (a, b) = (&etcd.key("a"), &etcd.key("b"));
    let puts = (0..129)
        .map(|number| format!("put {a}{number} 1\n"))
        .collect::<String>();
    for (requests, expected) in [
        (
            format!("put {a} 1\nput {b} 1\nput {a} 2\n"),
            "etcdserver: duplicate key given in txn request",
        ),
        (
            format!("put {a} 1\nput {b} 1 --lease=1234\n"),
            "etcdserver: requested lease not found",
        ),
        (
            format!("put {a} 1\nget {a} --rev=1000000000\n"),
            "etcdserver: mvcc: required revision is a future revision",
        ),
        (puts, "etcdserver: too many operations in txn request"),
    ] {
        let txn = format!("\n{requests}\n\n");
        let done = etcd.etcdctl(&["txn"])?.input(txn).run().await?;
        let last = format!("Error: {expected}\n");
        ensure!(done.code == 1 && done.stderr.ends_with(&last), "{done:?}");
    }
    ensure!(etcd.run(&["get", a, "--prefix"]).await?.is_empty());
    Ok(())
}
